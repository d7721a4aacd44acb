"""Django's PostgreSQL backend over the embedded server, which it starts with the first connection."""

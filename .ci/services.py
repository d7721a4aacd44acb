"""Exit 0 when the PostgreSQL and the Redis named on the command line answer; otherwise say which does not."""

import sys
from urllib.parse import urlsplit

import psycopg2
import redis


def main(database: str, broker: str) -> int:
    """Try both for two seconds. The database in the address need not exist: the suite makes its own."""
    status = 0
    server = urlsplit(database)._replace(scheme="postgresql", path="/postgres").geturl()
    try:
        psycopg2.connect(server, connect_timeout=2).close()
    except psycopg2.OperationalError as error:
        sys.stdout.write(f"No PostgreSQL at {database}: {error}")
        status = 1
    try:
        redis.Redis.from_url(broker, socket_connect_timeout=2, socket_timeout=2).ping()
    except redis.RedisError as error:
        sys.stdout.write(f"No Redis at {broker}: {error}\n")
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

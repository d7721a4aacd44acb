"""The API's part on the organisation: who I am, units, households, agencies, tokens."""

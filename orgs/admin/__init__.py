"""The organisation at the desk, one module per noun."""

from orgs.admin import accounts, agencies, households, people, posts, records, units

__all__ = ["accounts", "agencies", "households", "people", "posts", "records", "units"]

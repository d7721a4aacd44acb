"""The demo city: real divisions, made-up people, a year of cases in every status."""

from grievances.services.demo.accounts import PASSWORD, Account, demo_accounts, resident_link
from grievances.services.demo.city import load_demo

__all__ = ["PASSWORD", "Account", "demo_accounts", "load_demo", "resident_link"]

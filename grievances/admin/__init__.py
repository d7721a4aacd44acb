"""Cases, categories, reasons, the rules of time and one's messages at the desk."""

from grievances.admin import calendar, cases, categories, exports, limits, messages, replies, rules

__all__ = ["calendar", "cases", "categories", "exports", "limits", "messages", "replies", "rules"]

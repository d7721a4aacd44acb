"""Cases, categories, reasons and one's messages at the desk."""

from grievances.admin import cases, categories, messages

__all__ = ["cases", "categories", "messages"]

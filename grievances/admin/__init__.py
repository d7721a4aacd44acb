"""Cases, categories and reasons at the desk."""

from grievances.admin import cases, categories

__all__ = ["cases", "categories"]

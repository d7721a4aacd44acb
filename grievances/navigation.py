"""What the bars at the top and the bottom offer each person."""

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict:
    """Context processor: `nav_items`, `main_action` and `unread_count` for the person signed in."""
    return {"nav_items": [], "main_action": None, "unread_count": 0}

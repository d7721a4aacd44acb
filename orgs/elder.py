"""Elder mode (长辈版): in which size a page is drawn, from the person's setting or, signed out, from a cookie."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from orgs.choices import ElderSize

COOKIE = "elder"
COOKIE_AGE = 365 * 24 * 3600
# What one tap from the ordinary look gives.
FIRST = ElderSize.MEDIUM


def elder_size_of(request: HttpRequest) -> int:
    """Return the size of the letters in pixels, 0 for the ordinary look; a cookie that says anything else is that."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return user.elder_size
    given = request.COOKIES.get(COOKIE, "")
    return next((size for size in ElderSize.values if str(size) == given), ElderSize.OFF)


def elder(request: HttpRequest) -> dict:
    """Context processor: `elder_size`, and `elder_sizes` to choose from. Read only when a template draws it."""
    return {
        "elder_size": SimpleLazyObject(lambda: elder_size_of(request)),
        "elder_first": FIRST,
        "elder_sizes": [size for size in ElderSize if size],
    }

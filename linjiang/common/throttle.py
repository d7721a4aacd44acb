"""Counting tries in the shared cache, for doors that are open to everybody."""

import hashlib

from django.core.cache import cache


def within_limit(name: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one try of `who` at the door `name` and say whether it is among the first `limit` within `seconds`.

    The span begins with the first try. `who` is kept as a hash only. A cache that is down lets everybody in.
    """
    key = f"throttle:{name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    if cache.add(key, 1, timeout=seconds):
        return limit >= 1
    try:
        return cache.incr(key) <= limit
    except ValueError:  # it ran out between the two calls: a new span begins
        cache.add(key, 1, timeout=seconds)
        return limit >= 1

"""How long cases took, in buckets that can be added up: pure.

Bounds are whole seconds, so that Python and SQL put a duration into the same bucket without rounding. No bucket is
wider than 5 % of its lower bound, and a bucket stands for its middle: a percentile read from buckets is within 2.5 %
of the one computed from the single durations, however many units and days were added up.
"""

from bisect import bisect_right
from collections.abc import Mapping
from math import ceil, floor, sqrt

_FIRST = 60
_LAST = 20 * 366 * 86_400


def _make_bounds() -> tuple[int, ...]:
    bounds = [_FIRST]
    while bounds[-1] < _LAST:
        bounds.append(bounds[-1] * 21 // 20)
    return tuple(bounds)


# Lower bounds in seconds, from one minute to twenty years. Bucket 0 lies below the first, bucket i begins at
# BOUNDS[i - 1].
BOUNDS = _make_bounds()


def bucket_of(seconds: float) -> int:
    """Return the bucket of a duration in seconds; everything under a minute is bucket 0.

    The same number as PostgreSQL's `width_bucket(floor(seconds), BOUNDS)`.
    """
    return bisect_right(BOUNDS, floor(seconds))


def hours_of(bucket: int) -> float:
    """Return the hours a bucket stands for: the geometric middle of its bounds, 0 for bucket 0."""
    if bucket == 0:
        return 0.0
    low = BOUNDS[bucket - 1]
    high = BOUNDS[bucket] if bucket < len(BOUNDS) else low
    return sqrt(low * high) / 3600


def percentile_hours(buckets: Mapping[int, int], share: float) -> float | None:
    """Return the percentile `share` (0 to 1) of the counted durations in hours; None when nothing was counted.

    Between two ranks it is interpolated, as `statistics.quantiles(method="inclusive")` does.
    """
    total = sum(buckets.values())
    if not total:
        return None
    rank = share * (total - 1)
    low = _at_rank(buckets, floor(rank))
    high = _at_rank(buckets, ceil(rank))
    return low + (high - low) * (rank - floor(rank))


def _at_rank(buckets: Mapping[int, int], rank: int) -> float:
    passed = 0
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        if rank < passed:
            return hours_of(bucket)
    raise IndexError(rank)

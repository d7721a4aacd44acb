"""How long cases took, in buckets that can be added up: pure.

Bounds are whole seconds, so that Python and SQL put a duration into the same bucket without rounding. No bucket is
wider than 5 % of its lower bound, and a bucket stands for its middle: a percentile read from buckets is within 2.5 %
of the one computed from the single durations, however many units and days were added up.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
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
    return percentiles_hours(buckets, (share,))[0]


def percentiles_hours(buckets: Mapping[int, int], shares: Sequence[float]) -> list[float | None]:
    """Return several percentiles at once, rising `shares` given; a page of figures asks for two of each row."""
    total = sum(buckets.values())
    if not total:
        return [None] * len(shares)
    ranks = [share * (total - 1) for share in shares]
    wanted = [rank for one in ranks for rank in (floor(one), ceil(one))]
    ordered = sorted(buckets)
    passed = list(accumulate(buckets[bucket] for bucket in ordered))
    found = [hours_of(ordered[bisect_right(passed, rank)]) for rank in wanted]
    pairs = zip(found[::2], found[1::2], ranks, strict=True)
    return [low + (high - low) * (rank - floor(rank)) for low, high, rank in pairs]

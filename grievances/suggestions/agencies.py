"""Which agency most likely handles a case: pure scoring of what rules say and of what was done before."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 3
# A rule made for the category weighs more than all experience; experience more than the mere kind of agency.
_RULE, _KIND, _PAST, _NEAR = 4.0, 1.0, 3.0, 0.1


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agency that serves the place. `depth` is that of its unit, `closed` and `returned` are cases of the category
    in the same part of the city; `is_usual`: the category names it, `is_kind`: it is of the category's usual kind."""

    agency_id: int
    depth: int
    is_usual: bool = False
    is_kind: bool = False
    closed: int = 0
    returned: int = 0


def score(one: Candidate, *, all_closed: int) -> float:
    """Return how likely; 0 when nothing speaks for it.

    Experience counts by the share of the closed cases, in so far as there are enough of them to tell, and less the
    more the agency hands back.
    """
    found = _RULE * one.is_usual + _KIND * one.is_kind
    if one.closed:
        enough = 1 - math.exp(-one.closed / 5)
        kept = one.closed / (one.closed + 2 * one.returned)
        found += _PAST * one.closed / all_closed * enough * kept
    return found + _NEAR * one.depth if found else 0.0


def best(candidates: Iterable[Candidate], *, most: int = MOST) -> list[Candidate]:
    """Return the likeliest first, at most `most`, none of which nothing is known; equal ones by their key.

    The mere kind of agency is a guess: it speaks only where neither a rule nor experience does.
    """
    candidates = list(candidates)
    candidates = [one for one in candidates if one.is_usual or one.closed] or candidates
    all_closed = sum(one.closed for one in candidates)
    scored = [(score(one, all_closed=all_closed), one) for one in candidates]
    ranked = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].agency_id))
    return [one for _score, one in ranked[:most]]

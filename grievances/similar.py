"""Open cases that may be the same matter: plain comparison of words, no index and no extension needed."""

from grievances.models import Grievance
from linjiang.common.database import subtree_q
from linjiang.common.text import clean
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import User

# The newest open cases of a community are few; more are not compared.
COMPARED = 300
SHOWN = 6
# Below, two cases share no more than the neighbourhood and a few words everybody uses.
ALIKE = 0.15


def open_cases(case: Grievance, *, user: User) -> list[Grievance]:
    """Return up to six other open cases of the same community that `user` may see, the most alike first."""
    community = tree.ancestor_paths(case.unit_path, include_self=True)[: LEVEL_ORDER[Level.COMMUNITY]][-1]
    others = (
        Grievance.objects.visible_to(user)
        .live()
        .filter(subtree_q(community, field="unit_path"))
        .exclude(pk=case.pk)
        .order_by("-pk")[:COMPARED]
    )
    words = _pairs(case)
    scored = [(_likeness(case, words, other), other.pk, other) for other in others]
    return [other for score, _pk, other in sorted(scored, reverse=True)[:SHOWN] if score >= ALIKE]


def _likeness(case: Grievance, words: frozenset[str], other: Grievance) -> float:
    theirs = _pairs(other)
    common = len(words & theirs) / max(len(words | theirs), 1)
    return common + 0.2 * (case.category_id == other.category_id) + 0.1 * (case.unit_id == other.unit_id)


def _pairs(case: Grievance) -> frozenset[str]:
    """Return the pairs of neighbouring characters: Chinese needs no dictionary that way."""
    text = clean(case.description)[:300]
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))

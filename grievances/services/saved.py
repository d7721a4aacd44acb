"""Filters of the case list that a person keeps under a name. Each verb sees the actor's own alone."""

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from grievances.models import SavedFilter
from linjiang.common.errors import InvalidInput
from linjiang.common.text import clean, clean_phone, is_phone
from orgs.models import User

MOST = 12
NAME_LENGTH = 20
QUERY_LENGTH = 1000
# What of a list's address says which cases stand in it, in the order it is kept in.
KEPT = (
    *("tab", "q", "status__exact", "category", "area", "urgency__exact", "source__exact"),
    *("reported_at_from", "reported_at_to", "o"),
)


def kept_part(query: str) -> QueryDict:
    """Return what of a list's query string is worth keeping: no page, nothing the list does not know."""
    given, kept = QueryDict(query), QueryDict(mutable=True)
    for name in KEPT:
        values = [value.replace("\x00", "") for value in given.getlist(name) if value.strip()]
        if values:
            kept.setlist(name, values)
    return kept


@transaction.atomic
def save_filter(*, actor: User, name: str, query: str) -> SavedFilter:
    """Keep the list at `query` under `name`; the same name again keeps the new one instead of the old.

    Raise InvalidInput for no name, a long one, a list with nothing chosen, or more than `MOST`.
    """
    name = _name(name)
    chosen = kept_part(query)
    if is_phone(clean_phone(chosen.get("q"))):
        raise InvalidInput({"name": _("A search for somebody's phone number is not kept.")})
    kept = chosen.urlencode()
    if not kept:
        raise InvalidInput({"name": _("Nothing is chosen in the list yet: choose a tab, a filter or search first.")})
    if len(kept) > QUERY_LENGTH:
        raise InvalidInput({"name": _("This search is too long to be kept.")})
    User.objects.select_for_update().get(pk=actor.pk)  # two windows of one person: the count below stays true
    found = actor.saved_filters.filter(name=name).first()
    if found is None and actor.saved_filters.count() >= MOST:
        raise InvalidInput({"name": _("You have %(most)s saved already. Remove one first.") % {"most": MOST}})
    if found is None:
        return SavedFilter.objects.create(owner=actor, name=name, query=kept)
    found.query = kept
    found.save(update_fields=["query"])
    return found


@transaction.atomic
def rename_filter(*, actor: User, saved: SavedFilter, name: str) -> SavedFilter:
    """Give it another name; raise InvalidInput for one that another of the actor's has."""
    name = _name(name)
    User.objects.select_for_update().get(pk=actor.pk)
    if actor.saved_filters.filter(name=name).exclude(pk=saved.pk).exists():
        raise InvalidInput({"name": _("Another of your saved filters has this name.")})
    saved.name = name
    saved.save(update_fields=["name"])
    return saved


@transaction.atomic
def open_on(*, actor: User, saved: SavedFilter | None) -> None:
    """Let the desk open on `saved`; None: on all open cases, as before."""
    User.objects.select_for_update().get(pk=actor.pk)
    actor.saved_filters.filter(opens=True).update(opens=False)
    if saved is not None:
        actor.saved_filters.filter(pk=saved.pk).update(opens=True)


def remove_filter(*, actor: User, saved: SavedFilter) -> None:
    """Forget it; the cases in it are not touched."""
    actor.saved_filters.filter(pk=saved.pk).delete()


def _name(typed: str) -> str:
    name = clean(typed)
    if not name:
        raise InvalidInput({"name": _("Please give it a name.")})
    if len(name) > NAME_LENGTH:
        raise InvalidInput({"name": _("At most %(most)s characters, please.") % {"most": NAME_LENGTH}})
    return name

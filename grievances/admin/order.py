"""The list a case was opened from travels along in its address: which case comes before and after it."""

import copy

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

# Nobody walks further through a list one case at a time.
WALKED = 2_000
LONGEST = 1_500


def list_of(request: HttpRequest) -> str:
    """Return the query string of the list the case was opened from; "" where it was opened from elsewhere."""
    asked = request.GET.get("list", "")
    return asked if len(asked) <= LONGEST and "\x00" not in asked else ""


def along(address: str, query: str) -> str:
    """Return the address with the list travelling along."""
    if not query:
        return address
    carried = QueryDict(mutable=True)
    carried["list"] = query
    return f"{address}?{carried.urlencode()}"


def keys(admin, request: HttpRequest, query: str) -> list[int]:
    """Return the keys of the list's cases in its order; none for a list that cannot be read."""
    asked = copy.copy(request)
    asked.method, asked.GET = "GET", QueryDict(query)
    try:
        found = admin.get_changelist_instance(asked).queryset
    except IncorrectLookupParameters:
        return []
    return list(found.values_list("pk", flat=True)[:WALKED])


def following(before: list[int], pk: int) -> list[int]:
    """Return the keys behind `pk`; all of them where it does not stand in the list."""
    return before[before.index(pk) + 1 :] if pk in before else before


def beside(admin, request: HttpRequest, pk: int, *, step: int) -> HttpResponseRedirect:
    """Lead to the case one further (`step` 1) or one back (−1) in the list, else back to the list."""
    query = list_of(request)
    here = keys(admin, request, query)
    at = here.index(pk) + step if pk in here else 0
    if 0 <= at < len(here):
        return HttpResponseRedirect(along(_case(here[at]), query))
    return _list_is_done(admin, request, query, _last() if step > 0 else _("That was the first case of this list."))


def after_step(admin, request: HttpRequest, behind: list[int]) -> HttpResponseRedirect:
    """Return where to go when a step was taken: the next case that still stands in the list, else the list itself."""
    query = list_of(request)
    left = keys(admin, request, query)
    still = set(left)
    coming = next((pk for pk in behind if pk in still), None)
    if coming is not None:
        return HttpResponseRedirect(along(_case(coming), query))
    return _list_is_done(
        admin, request, query, _("This list is done.") if not left else _("That was the last case of this list.")
    )


def _last() -> str:
    return _("That was the last case of this list.")


def _case(pk: int) -> str:
    return reverse("admin:grievances_grievance_change", args=[pk])


def _list_is_done(admin, request: HttpRequest, query: str, words: str) -> HttpResponseRedirect:
    messages.info(request, words)
    return HttpResponseRedirect(f"{admin.list_url}?{query}" if query else admin.list_url)

"""Saved filters at the desk: the chips over the list, and the pages that keep, rename and remove them."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from grievances.admin.filters import day_of
from grievances.admin.tabs import LABELS
from grievances.choices import Source, Status, Urgency
from grievances.models import Category, SavedFilter
from grievances.services import saved as verbs
from linjiang.common.text import listed
from orgs.scopes import units_visible_to

_CHOICES = {
    "tab": LABELS,
    "status__exact": Status.values,
    "urgency__exact": Urgency.values,
    "source__exact": Source.values,
}
_NAMES = {
    "tab": _("tab"),
    "status__exact": _("status"),
    "urgency__exact": _("urgency"),
    "source__exact": _("source"),
    "category": _("category"),
    "area": _("area"),
    "reported_at_from": _("reported from"),
    "reported_at_to": _("reported to"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One saved filter over the list."""

    name: str
    url: str
    manage_url: str
    active: bool
    opens: bool


def chips(request: HttpRequest) -> list[Chip]:
    """Return the person's saved filters. One statement."""
    here = kept(request)
    return [
        Chip(
            name=one.name,
            url=reverse("admin:grievances_saved", args=[one.pk]),
            manage_url=reverse("admin:grievances_saved_manage", args=[one.pk]),
            active=one.query == here,
            opens=one.opens,
        )
        for one in request.user.saved_filters.all()
    ]


def kept(request: HttpRequest) -> str:
    """Return what of the present list would be kept."""
    return verbs.kept_part(request.GET.urlencode()).urlencode()


def opening(request: HttpRequest) -> SavedFilter | None:
    """Return the filter the desk opens on for this person; None without one."""
    return request.user.saved_filters.filter(opens=True).first()


def lead_to(admin, request: HttpRequest, one: SavedFilter) -> HttpResponse:
    """Show the list as it was saved; what has gone since is left out and named."""
    query, gone = _usable(QueryDict(one.query), request.user)
    if gone:
        words = gettext(
            "“%(name)s” was saved with a choice that no longer exists: %(gone)s. The list is shown without it."
        )
        messages.warning(request, words % {"name": one.name, "gone": listed(gone)})
    query.setdefault("tab", "all" if query.get("q") or query.get("status__exact") else "open")
    return HttpResponseRedirect(f"{admin.list_url}?{query.urlencode()}")


def _usable(query: QueryDict, user) -> tuple[QueryDict, list[str]]:
    """Return the parameters that still mean something, and the names of those that do not."""
    query, gone = query.copy(), []
    for name in list(query):
        if not all(_means_something(name, value, user) for value in query.getlist(name)):
            del query[name]
            gone.append(str(_NAMES.get(name, name)))
    return query, gone


def _means_something(name: str, value: str, user) -> bool:
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name == "category":
        return value == "none" or Category.objects.filter(code=value, parent__isnull=True, is_active=True).exists()
    if name == "area":
        return units_visible_to(user).filter(path=value, is_active=True).exists()
    if name in ("reported_at_from", "reported_at_to"):
        return day_of(value) is not None
    return True


class NameForm(forms.Form):
    """The name of a saved filter, and whether the desk opens on it."""

    name = forms.CharField(label=_("Name"), max_length=verbs.NAME_LENGTH)
    opens = forms.BooleanField(label=_("Open the desk with it"), required=False)


class SaveForm(NameForm):
    """The same with the list it stands for."""

    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4000)


def save(admin, request: HttpRequest) -> HttpResponse:
    """Keep the list the person came from under a name."""
    form = SaveForm(request.POST or None, initial={"query": request.GET.get("list", "")})

    def run(given: dict) -> HttpResponse:
        one = verbs.save_filter(actor=request.user, name=given["name"], query=given["query"])
        if given["opens"]:
            verbs.open_on(actor=request.user, saved=one)
        messages.success(request, gettext("“%(name)s” is saved.") % {"name": one.name})
        return lead_to(admin, request, one)

    return admin.form_page(request, form=form, run=run, title=gettext("Save this list"), submit_label=gettext("Save"))


def manage(admin, request: HttpRequest, pk: int) -> HttpResponse:
    """Rename one of the person's own, let the desk open on it or not, or remove it."""
    one = mine(request, pk)
    if request.method == "POST" and "remove" in request.POST:
        verbs.remove_filter(actor=request.user, saved=one)
        messages.success(
            request, gettext("“%(name)s” is removed. The cases themselves are not touched.") % {"name": one.name}
        )
        return HttpResponseRedirect(f"{admin.list_url}?tab=open")
    form = NameForm(request.POST or None, initial={"name": one.name, "opens": one.opens})

    def run(given: dict) -> HttpResponse:
        verbs.rename_filter(actor=request.user, saved=one, name=given["name"])
        if given["opens"] != one.opens:
            verbs.open_on(actor=request.user, saved=one if given["opens"] else None)
        messages.success(request, gettext("“%(name)s” is saved.") % {"name": one.name})
        return lead_to(admin, request, one)

    return admin.form_page(
        request,
        form=form,
        run=run,
        template="desk/saved.html",
        title=gettext("Saved filter"),
        submit_label=gettext("Save"),
        back_url=reverse("admin:grievances_saved", args=[pk]),
    )


def mine(request: HttpRequest, pk: int) -> SavedFilter:
    """Return the person's own; somebody else's is not found."""
    one = request.user.saved_filters.filter(pk=pk).first()
    if one is None:
        raise Http404("saved filter")
    return one

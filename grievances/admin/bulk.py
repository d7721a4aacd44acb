"""One step on many cases: a preview of what will and will not change and why, then each case by its own verb."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from grievances.choices import Action
from grievances.forms.agencies import choose, suggested_field
from grievances.models import Grievance
from grievances.policies import decide
from grievances.services.assigning import Suggested, suggested_agencies
from grievances.services.verbs import perform
from linjiang.common.clock import now
from linjiang.common.errors import LinjiangError
from linjiang.common.text import clean
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Agency, User
from orgs.tree import SEGMENT

NOTE_LENGTH = 2000
_STREET = LEVEL_ORDER[Level.STREET]


class UrgeForm(forms.Form):
    """What to tell whoever holds the cases."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Sent along with each."),
    )

    def __init__(self, *args, cases: Sequence[Grievance], user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user


class AssignForm(UrgeForm):
    """Which agency handles them, of those that serve any of the places."""

    agency = forms.ModelChoiceField(Agency.objects.none(), label=_("Who handles them?"), empty_label=_("Please choose"))

    def __init__(self, *args, cases: Sequence[Grievance], user: User, **kwargs) -> None:
        super().__init__(*args, cases=cases, user=user, **kwargs)
        paths = {upper for case in cases for upper in tree.ancestor_paths(case.unit_path, include_self=True)}
        serving = Q(unit__path__in=paths) if paths else Q(pk__in=[])
        self.fields["agency"].queryset = Agency.objects.filter(serving, is_active=True).select_related("unit")
        self.fields["agency"].label_from_instance = lambda agency: f"{agency.name} · {agency.unit}"
        if suggested := _suggested(cases, self.fields["agency"].queryset):
            self.fields["suggested"] = suggested_field(suggested)
            self.fields["agency"].required = False
        self.order_fields(("suggested", "agency", "note"))

    def clean(self) -> dict:
        """Take the agency from the suggestion or from the list."""
        cleaned = super().clean()
        if "suggested" in self.fields:
            choose(self, cleaned)
            cleaned.pop("suggested", None)
        return cleaned


def _suggested(cases: Sequence[Grievance], serving) -> list[Suggested]:
    """Return what is suggested for the kind of case that most of them are, in the street where most of those lie."""
    kinds = Counter((case.unit_path[: _STREET * SEGMENT], case.category_id) for case in cases if case.category_id)
    if not kinds:
        return []
    (street, category_id), count = kinds.most_common(1)[0]
    case = next(one for one in cases if one.category_id == category_id and one.unit_path.startswith(street))
    near = [agency for agency in serving if tree.covers(agency.unit.path, case.unit_path)]
    found = suggested_agencies(agencies=near, category=case.category, unit_path=case.unit_path, now=now())
    if count == len(cases):
        return found
    of_them = gettext("for %(count)s of %(all)s cases") % {"count": count, "all": len(cases)}
    return [replace(one, words=gettext("; ").join([of_them, one.words])) for one in found]


class MergeForm(UrgeForm):
    """Into which case they go, by its number."""

    into_number = forms.CharField(label=_("Into which case?"), max_length=30, help_text="LJ20261122-00031")
    field_order = ("into_number", "note")

    def __init__(self, *args, cases: Sequence[Grievance], user: User, **kwargs) -> None:
        super().__init__(*args, cases=cases, user=user, **kwargs)
        self.fields["into_number"].initial = min((case.number for case in cases), default="")

    def clean(self) -> dict:
        """Find the case among the open ones that the person sees."""
        cleaned = super().clean()
        number = clean(cleaned.pop("into_number", "")).upper()
        if number:
            cleaned["into"] = Grievance.objects.visible_to(self.user).live().filter(number=number).first()
            if cleaned["into"] is None:
                self.add_error("into_number", _("There is no open case of yours with this number."))
        return cleaned


@dataclass(frozen=True, slots=True)
class Bulk:
    """A step that can be taken on many cases, with its form and words."""

    form: type[UrgeForm]
    title: str
    button: str


ACTIONS: dict[str, Bulk] = {
    Action.ASSIGN: Bulk(AssignForm, _("Assign several cases"), _("Assign %(count)s cases")),
    Action.MERGE: Bulk(MergeForm, _("Merge several cases"), _("Merge %(count)s cases")),
    Action.URGE: Bulk(UrgeForm, _("Urge several cases"), _("Urge %(count)s cases")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the preview or the report: `ok`, and the reason when not."""

    case: Grievance
    ok: bool
    reason: str = ""


def page(admin, request: HttpRequest, action: Action, cases: list[Grievance]) -> HttpResponse:
    """Show the preview; "check" looks again with what was chosen, "apply" carries it out and reports per case."""
    bulk = ACTIONS[action]
    at = now()
    given = request.POST if request.method == "POST" else None
    form = bulk.form(given, cases=cases, user=request.user)
    is_valid = given is not None and form.is_valid()
    chosen = form.cleaned_data if is_valid else {}
    if is_valid and "apply" in request.POST:
        seen = _versions(request.POST.getlist("seen"))
        lines = [_apply(request.user, case, action, chosen, version=seen.get(case.pk), at=at) for case in cases]
        done = sum(line.ok for line in lines)
        return admin.page(
            request, "desk/bulk_report.html", title=bulk.title, lines=lines, done=done, left=len(lines) - done
        )
    lines = [_foresee(request.user, case, action, chosen, at=at) for case in cases]
    ready = sum(line.ok for line in lines)
    return admin.page(
        request,
        "desk/bulk.html",
        title=bulk.title,
        status=400 if given is not None and not is_valid else 200,
        form=form,
        lines=lines,
        ready=ready,
        left=len(lines) - ready,
        button=gettext(bulk.button) % {"count": ready} if ready else "",
    )


def _foresee(user: User, case: Grievance, action: Action, chosen: dict, *, at: datetime) -> Line:
    answer = decide(user, action, case, at=at)
    if not answer:
        return Line(case, ok=False, reason=str(answer.reason))
    agency, into = chosen.get("agency"), chosen.get("into")
    if into is not None and into.pk == case.pk:
        return Line(case, ok=False, reason=gettext("This is the case the others go into. It stays open."))
    if agency is not None and not tree.covers(agency.unit.path, case.unit_path):
        words = gettext("%(agency)s does not serve this place.") % {"agency": agency.name}
        return Line(case, ok=False, reason=words)
    return Line(case, ok=True)


def _apply(user: User, case: Grievance, action: Action, given: dict, *, version: int | None, at: datetime) -> Line:
    into = given.get("into")
    if into is not None and into.pk == case.pk:
        return _foresee(user, case, action, given, at=at)
    try:
        done = perform(action=action, actor=user, grievance=case, now=at, version=version or case.version, **given)
    except LinjiangError as error:
        return Line(case, ok=False, reason=str(error.message))
    return Line(done, ok=True)


def _versions(seen: list[str]) -> dict[int, int]:
    """Return the version of each case that the preview showed, from "pk:version" marks."""
    versions = {}
    for mark in seen:
        pk, _colon, version = mark.partition(":")
        if pk.isdecimal() and version.isdecimal() and len(mark) < 40:
            versions[int(pk)] = int(version)
    return versions

"""Limits and ladders at the desk, and which of them holds for a case."""

from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from grievances.admin.rules import RulesAdmin
from grievances.choices import Card, Stage, Tell, Urgency
from grievances.filters import CategoryChoice
from grievances.models import Ladder, LadderRung, StageLimit
from grievances.services import limits
from grievances.services.recomputing import Outlook
from grievances.services.rulebook import checked_ladder, parse_rung, rulebook, rung_order
from grievances.stages import span_words
from linjiang.common.clock import now
from linjiang.common.errors import InvalidInput
from linjiang.desk import desk_site
from orgs import tree
from orgs.choices import Level
from orgs.models import Unit
from orgs.profile import profile

_LIMIT = ("stage", "amount", "counts", "unit", "category", "urgency")


class LimitForm(forms.ModelForm):
    """A limit; one that puts open cases past it at once is shown with what it would do, and saved when sent again."""

    outlook: Outlook | None = None

    def validate_unique(self):
        """Django asks this last, when the row and its constraints were looked at."""
        super().validate_unique()
        if self.errors or self.data.get("sure") == self.fingerprint:
            return
        outlook = limits.outlook(now=now(), pk=self.instance.pk, **{name: self.cleaned_data[name] for name in _LIMIT})
        if outlook.overdue:
            self.outlook = outlook
            self.add_error(None, _("Not saved yet: please look at what this limit would do."))

    @property
    def fingerprint(self) -> str:
        """What was typed, so that one is sure of just that and of nothing typed since."""
        return "|".join(str(self.data.get(name, "")) for name in _LIMIT)


@admin.register(StageLimit, site=desk_site)
class StageLimitAdmin(RulesAdmin):
    """How long each stage may take for which cases, over the city profile."""

    desk_order, desk_icon = 20, "timer"
    change_form_before_template = "desk/limit_note.html"
    form = LimitForm
    list_display = ("stage", "where", "kind", "pace", "limit")
    list_filter = (("stage", ChoicesDropdownFilter), ("urgency", ChoicesDropdownFilter))
    list_select_related = ("unit", "category")
    search_fields = ("unit__name", "category__name", "category__code")
    search_help_text = _("Unit or category")
    autocomplete_fields = ("unit", "category")
    sortable_by = ()
    fields = ("stage", ("amount", "counts"), ("unit", "category"), "urgency")

    def sidebar_items(self, request: HttpRequest) -> list[dict]:
        link = reverse("admin:grievances_which_limit")
        items = super().sidebar_items(request)
        items[0]["active"] = items[0]["active"] and request.path != link
        return [*items, self.sidebar_item(request, gettext("Which limit holds"), link, "help")]

    @admin.display(description=_("unit"))
    def where(self, limit: StageLimit) -> str:
        return str(limit.unit or gettext("the whole city"))

    @admin.display(description=_("category"))
    def kind(self, limit: StageLimit) -> str:
        return str(limit.category or gettext("any"))

    @admin.display(description=_("urgency"))
    def pace(self, limit: StageLimit) -> str:
        return limit.get_urgency_display() if limit.urgency else gettext("any")

    @admin.display(description=_("limit"))
    def limit(self, limit: StageLimit) -> str:
        return f"{float(limit.amount):g} {limit.get_counts_display()}"

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if isinstance(response, TemplateResponse) and "adminform" in response.context_data:
            response.context_data["limit_form"] = response.context_data["adminform"].form
        return response

    def save_model(self, request, obj, form, change):
        given = {name: getattr(obj, name) for name in _LIMIT}
        obj.pk = limits.set_limit(actor=request.user, now=now(), pk=obj.pk, **given).pk

    def delete_model(self, request, obj):
        limits.remove_limit(actor=request.user, now=now(), limit=obj)

    def delete_queryset(self, request, queryset):
        for limit in list(queryset):
            limits.remove_limit(actor=request.user, now=now(), limit=limit)

    def get_urls(self) -> list:
        own = [path("which/", self.admin_site.admin_view(self.which_view), name="grievances_which_limit")]
        return own + super().get_urls()

    def which_view(self, request: HttpRequest) -> HttpResponse:
        """Show for a category, an urgency and a place which limit holds for each stage, and why."""
        self.require(self.has_view_permission(request))
        form = WhichForm(request.GET or None)
        lines = which_limits(**form.cleaned_data) if form.is_bound and form.is_valid() else []
        return self.page(request, "desk/which_limit.html", title=gettext("Which limit holds"), form=form, lines=lines)


class WhichForm(forms.Form):
    """What a case would be about, and where: a district, a street, or a unit below them with limits of its own."""

    category = CategoryChoice(label=_("Category"), empty_label=_("not sorted yet"), required=False)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices, initial=Urgency.WEEK)
    unit = forms.ModelChoiceField(
        Unit.objects.none(), label=_("Place"), required=False, empty_label=_("the whole city")
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = self.fields["category"].grouped()
        own = StageLimit.objects.filter(unit__isnull=False).values("unit")
        wide = Q(level__in=(Level.DISTRICT, Level.STREET), is_active=True)
        places = Unit.objects.filter(wide | Q(pk__in=own)).order_by("path")
        self.fields["unit"].queryset = places
        self.fields["unit"].choices = [("", _("the whole city")), *_by_district(places)]


def _by_district(places: Iterable[Unit]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return the places, in the order of the tree, as groups of choices; one below a street says which street."""
    groups: dict[str, tuple[str, list[tuple[int, str]]]] = {}
    streets: dict[str, str] = {}
    for unit in places:
        above = tree.ancestor_paths(unit.path, include_self=True)
        name = str(unit)
        if unit.level == Level.STREET:
            streets[unit.path] = name
        elif street := next((streets[path] for path in above if path in streets), ""):
            name = f"{street} {name}"
        _title, group = groups.setdefault(above[:2][-1], (name, []))
        group.append((unit.pk, name))
    return list(groups.values())


def which_limits(*, category, urgency: str, unit: Unit | None) -> list[dict]:
    """Return for each stage the limit that holds and where it comes from."""
    rules = rulebook()
    found = []
    for stage, label in Stage.limited():
        about = {"urgency": urgency, "category_id": category.pk if category else None}
        about["unit_path"] = unit.path if unit else ""
        holds = rules.limit(stage, **about)
        key = rules.desk_key(stage, **about)
        found.append(
            {
                "stage": label,
                "limit": span_words(holds.seconds, holds.counts, rules),
                "why": _why(rules, stage, key, category, urgency),
            }
        )
    return found


def _why(rules, stage: str, key, category, urgency: str) -> str:
    if key is not None:
        _stage, unit_path, category_id, asked = key
        place = {"unit__path": unit_path} if unit_path else {"unit__isnull": True}
        rows = StageLimit.objects.select_related("unit", "category")
        row = rows.filter(stage=stage, urgency=asked, category_id=category_id, **place).first()
        return gettext("set at the desk: %(what)s") % {"what": limits.described(row) if row else ""}
    if category and (stage, category.pk, urgency) in rules.own_limits:
        return gettext("the category's own hours")
    return gettext("the profile of %(city)s, by urgency") % {"city": profile().city_name}


def moment_words(at: str) -> str:
    """Return when a rung is due in words: 80 % of the limit, 1 working day past it."""
    text = at.strip().removeprefix("+")
    if text.endswith("%"):
        return gettext("%(share)s %% of the limit") % {"share": text[:-1]}
    amount = text.rstrip("hwd")
    number = 1 if amount == "1" else 2
    if text.endswith("wd"):
        words = ngettext("%(count)s working day past it", "%(count)s working days past it", number)
    else:
        words = ngettext("%(count)s hour past it", "%(count)s hours past it", number)
    return words % {"count": amount}


class RungForm(forms.ModelForm):
    """One rung; whom it tells is ticked, not typed."""

    at = forms.CharField(
        label=_("when"), max_length=12, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "80% · +1wd · +4h"})
    )
    card = forms.ChoiceField(label=_("what is shown"), choices=Card.choices, widget=UnfoldAdminSelectWidget)
    tell = forms.MultipleChoiceField(
        label=_("who is told"), choices=Tell.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = LadderRung
        fields = ("at", "card", "tell")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["tell"] = str(self.initial.get("tell") or "").split(",")

    def clean_at(self) -> str:
        return self.cleaned_data["at"].replace("％", "%").replace(" ", "").lower()

    def clean_tell(self) -> str:
        return ",".join(self.cleaned_data["tell"])


class RungFormSet(BaseInlineFormSet):
    """The rungs of a ladder, checked as a whole and put in the order of their times."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        try:
            checked_ladder(self.rungs(), rulebook().calendar)
        except InvalidInput as error:
            raise ValidationError("\n".join(error.errors.values()).splitlines()) from error

    def rungs(self) -> list[limits.RungText]:
        """Return the rungs that stay, in the order of their times; one that cannot be read comes last."""
        given = [form.cleaned_data for form in self.forms if form not in self.deleted_forms]
        found = [(one["at"], one["card"], one["tell"]) for one in given if one.get("at")]
        return sorted(found, key=_moment)


def _moment(rung: limits.RungText) -> tuple[int, float]:
    calendar = rulebook().calendar
    try:
        return rung_order(parse_rung(1, rung[0], rung[1], (), calendar), calendar)
    except ValueError:
        return 2, 0.0


class RungInline(TabularInline):
    model = LadderRung
    form, formset = RungForm, RungFormSet
    fields = ("at", "card", "tell")
    verbose_name_plural = _("Rungs")

    def get_extra(self, request, obj=None, **kwargs) -> int:
        return 1 if obj else len(profile().ladder)

    def has_view_permission(self, request, obj=None) -> bool:
        return True  # whoever sees the ladder

    def has_add_permission(self, request, obj=None) -> bool:
        return desk_site._registry[Ladder].has_add_permission(request)

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Ladder, site=desk_site)
class LadderAdmin(RulesAdmin):
    """Ladders of their own for some cases; all others follow the city profile's."""

    desk_order, desk_icon = 30, "stairs"
    list_before_template = "desk/ladder_default.html"
    inlines = (RungInline,)
    list_display = ("cases", "rungs_words")
    list_select_related = ("category",)
    autocomplete_fields = ("category",)
    sortable_by = ()
    fields = (("category", "urgency"),)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("rungs")

    def changelist_view(self, request, extra_context=None):
        rows = [
            {
                "at": moment_words(row["at"]),
                "card": Card(row["card"]).label,
                "tell": gettext(", ").join(str(Tell(one).label) for one in row["tell"]),
            }
            for row in profile().ladder
        ]
        return super().changelist_view(request, {"default_rungs": rows, **(extra_context or {})})

    @admin.display(description=_("for which cases"))
    def cases(self, ladder: Ladder) -> str:
        return str(ladder)

    @admin.display(description=_("rungs"))
    def rungs_words(self, ladder: Ladder) -> str:
        return " → ".join(
            f"{moment_words(rung.at)}{gettext(': ')}{rung.get_card_display()}" for rung in ladder.rungs.all()
        )

    def get_formset_kwargs(self, request, obj, inline, prefix) -> dict:
        """Begin a new ladder with the profile's rungs, to be changed."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "GET" and obj.pk is None:
            kwargs["initial"] = [
                {"at": row["at"], "card": row["card"], "tell": ",".join(row["tell"])} for row in profile().ladder
            ]
        return kwargs

    def save_model(self, request, obj, form, change):
        """Nothing yet: the ladder is saved with its rungs, as a whole."""

    def save_related(self, request, form, formsets, change):
        ladder, rungs = form.instance, formsets[0].rungs()
        ladder.pk = limits.set_ladder(
            actor=request.user,
            now=now(),
            rungs=rungs,
            category=ladder.category,
            urgency=ladder.urgency,
            pk=ladder.pk,
        ).pk

    def construct_change_message(self, request, form, formsets, add=False):
        message = super().construct_change_message(request, form, [], add)
        if not add and any(formset.has_changed() for formset in formsets):
            message.append({"changed": {"fields": ["rungs"]}})
        return message

    def delete_model(self, request, obj):
        limits.remove_ladder(actor=request.user, now=now(), ladder=obj)

    def delete_queryset(self, request, queryset):
        for ladder in list(queryset):
            limits.remove_ladder(actor=request.user, now=now(), ladder=ladder)

"""Filters of the case lists. A value that cannot be used is left out and named, never an error page."""

from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import ClassVar

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, Subquery
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from grievances import search
from grievances.choices import LIVE, Status, Urgency
from grievances.models import Assignment, Category, Grievance
from grievances.paging import WALKED
from linjiang.common.clock import local_day
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit, User
from orgs.scopes import scope_of, units_visible_to

OPEN, OVERDUE, SUSPENDED = "open", "overdue", "suspended"
STATUSES = [
    (OPEN, _("All open")),
    (OVERDUE, _("Overdue")),
    (SUSPENDED, _("On hold")),
    *Status.choices,
]


_STREET = LEVEL_ORDER[Level.STREET]

# A day outside is a slip of the keyboard; the day after the last one must still be a date.
_DAY = {
    "widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    "validators": [MinValueValidator(date(1990, 1, 1)), MaxValueValidator(date(2100, 1, 1))],
}


class ListSelect(forms.Select):
    """A drop-down drawn without a template: a list's filters have hundreds of options, and stand on every list."""

    def render(self, name, value, attrs=None, renderer=None) -> str:  # noqa: ARG002 (as Django calls it)
        """Return the same HTML as the plain widget's."""
        chosen = set(self.format_value(value))
        return format_html(
            '<select name="{}"{}>{}</select>', name, flatatt(self.build_attrs(self.attrs, attrs)), self._options(chosen)
        )

    def _options(self, chosen: set[str]) -> SafeString:
        parts = []
        for key, label in self.choices:
            if isinstance(label, list | tuple):
                inner = "".join(_option(one, text, chosen) for one, text in label)
                parts.append(f'<optgroup label="{conditional_escape(key)}">{inner}</optgroup>')
            else:
                parts.append(_option(key, label, chosen))
        return mark_safe("".join(parts))  # noqa: S308 (every key and label is escaped)


def _option(key, label, chosen: set[str]) -> str:
    key = "" if key is None else str(key)
    selected = " selected" if key in chosen else ""
    return f'<option value="{conditional_escape(key)}"{selected}>{conditional_escape(label)}</option>'


# How old the list of categories in the filter of a list may be, in seconds; whether a chosen one may be used is
# always asked anew.
KEPT_SECONDS = 10


class _Drawn:
    """The categories as options, by language: every list has them, and they change once a year."""

    options: ClassVar[dict[str, tuple[float, str]]] = {}


def forget_categories() -> None:
    """Read the categories of the filter anew next time."""
    _Drawn.options.clear()


class CategorySelect(ListSelect):
    """All second-level categories under their first level, drawn once for many requests."""

    empty_label = ""

    def _options(self, chosen: set[str]) -> SafeString:
        language = get_language() or ""
        at, drawn = _Drawn.options.get(language, (0.0, ""))
        if not drawn or monotonic() - at > KEPT_SECONDS:
            drawn = self._drawn()
            _Drawn.options[language] = (monotonic(), drawn)
        for key in chosen:
            value = f'<option value="{conditional_escape(key)}"'
            drawn = drawn.replace(f"{value}>", f"{value} selected>")
        return mark_safe(_option("", self.empty_label, chosen) + drawn)  # noqa: S308 (every key and label is escaped)

    def _drawn(self) -> str:
        self.choices = CategoryChoice().grouped()[1:]
        return super()._options(set())


class CategoryChoice(forms.ModelChoiceField):
    """Second-level categories grouped under their first level, in one statement."""

    widget = ListSelect

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("queryset", Category.objects.filter(is_active=True, parent__isnull=False))
        super().__init__(**kwargs)

    def grouped(self) -> list:
        """Return the choices as option groups, in the order of the tree."""
        english = (get_language() or "").startswith("en")
        groups: dict[str, list] = {}
        rows = self.queryset.order_by("parent__code", "code")
        for pk, name, name_en, top, top_en in rows.values_list(
            "pk", "name", "name_en", "parent__name", "parent__name_en"
        ):
            group = groups.setdefault((english and top_en) or top, [])
            group.append((pk, (english and name_en) or name))
        return [("", self.empty_label), *groups.items()]


class CategoryFilterField(CategoryChoice):
    """The filter's field: options drawn by its widget, the chosen one looked up."""

    widget = CategorySelect

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.widget.empty_label = self.empty_label

    # Not read from the query set: the widget has them.
    choices = ()


class CategoryFilter(django_filters.Filter):
    field_class = CategoryFilterField


class ForPaging:
    """Of a filter set of cases: narrows so that `grievances.paging` knows a quick way to the page.

    What was typed (the filter named by `words`) is looked for last, in what everything else left over. `days()`
    returns the days of reporting chosen, `reader` is who asks.
    """

    words = "q"

    def filter_queryset(self, queryset):
        """Narrow by every filter, by words last."""
        given = self.form.cleaned_data
        for name, value in given.items():
            if name != self.words:
                queryset = self.filters[name].filter(queryset, value)
        if typed := given.get(self.words):
            queryset = queryset.worded(search.parse(typed), also=self._also(given))
        days = self.days()
        if any(days):
            queryset.days = days
        queryset.are_few = self._are_few
        area = self._area(given)
        queryset.are_local = bool(area) and all(tree.depth(path) >= _STREET for path in area)
        return queryset

    def _are_few(self) -> bool:
        """Say whether all the reader sees are the cases of a small agency, scattered over the city's."""
        scope = scope_of(self.reader)
        if scope.paths or not scope.agency_ids:
            return False
        given = Assignment.objects.filter(agency_id__in=scope.agency_ids, ended_at__isnull=True)
        return given.order_by()[:WALKED].count() < WALKED

    def _area(self, given: dict) -> tuple[str, ...]:
        """Return paths that all cases of the list lie below; none where that is not known."""
        place = given.get("unit")
        return tuple(place.paths) if place else known_area(self.reader)

    def _also(self, given: dict) -> list[str]:
        category = given.get("category")
        first, last = self.days()
        return [
            search.below(self._area(given)),
            search.of_category(category.pk) if category and category.parent_id else "",
            search.reported_in(first and local_day(first), last and local_day(last)),
        ]


def known_area(user: User) -> tuple[str, ...]:
    """Return paths that every case `user` may see lies below; none where that is not known (work for an agency)."""
    scope = scope_of(user)
    return () if scope.agency_ids else scope.paths


class CaseFilter(ForPaging, django_filters.FilterSet):
    """`q`, `status`, `category`, `unit` (and all below it), `urgency`, `since` and `until` (days of reporting)."""

    q = django_filters.CharFilter(label=_("Number, title or description"), max_length=100)
    status = django_filters.ChoiceFilter(
        choices=STATUSES, method="standing", label=_("Status"), empty_label=_("All"), widget=ListSelect
    )
    category = CategoryFilter(label=_("Category"), empty_label=_("All"))
    unit = django_filters.ModelChoiceFilter(
        queryset=Unit.objects.none(), method="below", label=_("Place"), empty_label=_("All"), widget=ListSelect
    )
    urgency = django_filters.ChoiceFilter(
        choices=Urgency.choices, label=_("Urgency"), empty_label=_("All"), widget=ListSelect
    )
    since = django_filters.DateFilter(method="reported_since", label=_("Reported from"), **_DAY)
    until = django_filters.DateFilter(method="reported_until", label=_("Reported until"), **_DAY)

    class Meta:
        model = Grievance
        fields = ["q", "status", "category", "unit", "urgency", "since", "until"]

    def __init__(self, data, queryset, *, user: User, at: datetime) -> None:
        """`data` is the request's GET; only units in the scope of `user` are known."""
        super().__init__(data or {}, queryset)
        self.reader, self.at = user, at
        self.filters["unit"].queryset = units_visible_to(user)
        fields = self.form.fields
        self.form.full_clean()
        chosen = self.form.cleaned_data.get("unit")
        fields["unit"].widget.choices = [("", fields["unit"].empty_label), *_unit_choices(user, chosen)]

    def standing(self, queryset, _name: str, value: str):
        """Keep one status, or all open, overdue or suspended ones."""
        if value == OPEN:
            return queryset.filter(status__in=LIVE)
        if value == OVERDUE:
            return queryset.late(at=self.at)
        if value == SUSPENDED:
            return queryset.live().filter(suspended_at__isnull=False)
        return queryset.filter(status=value)

    def below(self, queryset, _name: str, value: Unit):
        return queryset.below(value)

    def reported_since(self, queryset, _name: str, value):
        return queryset.filter(reported_at__gte=_midnight(value))

    def reported_until(self, queryset, _name: str, value):
        return queryset.filter(reported_at__lt=_midnight(value + timedelta(days=1)))

    def days(self) -> tuple[datetime | None, datetime | None]:
        since, until = self.form.cleaned_data.get("since"), self.form.cleaned_data.get("until")
        return since and _midnight(since), until and _midnight(until + timedelta(days=1))

    @property
    def problems(self) -> list[str]:
        """What was left out, in words: the label of each filter whose value cannot be used."""
        return [str(self.form.fields[name].label) for name in self.form.errors]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the tab narrows the list."""
        return any(self.form.cleaned_data.get(name) for name in self.form.fields)


def _midnight(day) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _unit_choices(user: User, chosen: Unit | None) -> list[tuple[int, str]]:
    """Return the way from the top of the scope to the chosen unit and the units right below it: never a long list."""
    visible = units_visible_to(user)
    paths = scope_of(user).paths
    if chosen is None:
        if len(paths) == 1:
            # Joined to its parent, every unit below would be looked at; asked for by key, the children alone.
            top = Unit.objects.filter(path=paths[0]).values("pk")
            units = visible.filter(parent=Subquery(top)) if paths[0] else visible.filter(parent__isnull=True)
        else:
            units = visible.filter(path__in=paths)
    else:
        upper = tree.ancestor_paths(chosen.path, include_self=True)
        units = visible.filter(Q(path__in=upper) | Q(parent=chosen))
    units = list(units.filter(is_active=True).order_by("path").values_list("pk", "path", "name")[:200])
    top = min((tree.depth(path) for _pk, path, _name in units), default=0)
    return [(pk, "\u3000" * (tree.depth(path) - top) + name) for pk, path, name in units]

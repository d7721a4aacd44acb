"""A whole dashboard as an Excel workbook or a Word document: every table of the page, and of its panels."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linjiang.common import clock, letter_word, sheets
from linjiang.common.errors import InvalidInput
from linjiang.common.letters import Grid, Letter, Paragraph
from linjiang.common.letters import Heading as LetterHeading
from linjiang.common.replica import snapshot
from linjiang.common.sheets import Column, Kind
from linjiang.common.templatetags.lj import NOTHING, duration_hours, rate, thousands
from orgs.models import Unit
from reporting.coverage import CATEGORY, DIMENSIONS
from reporting.forms import PeriodForm
from reporting.measures import TIME_TO_CLOSE, Measure, TimeToClose
from reporting.services import rates
from reporting.services.reading import Reading, read
from reporting.views.children import places_table
from reporting.views.figures import COLUMNS, FIGURES, Found, label_of
from reporting.views.panels import PANELS, Asked, ageing_rows, card_rows, funnel_rows, hot_rows, load_rows
from reporting.views.parts import parts_table
from reporting.views.places import day_words, period_form, unit_in_scope
from reporting.views.tables import Row, Table
from reporting.views.trend import TREND_TITLE, bar_words

EXCEL, WORD = KINDS = ("xlsx", "docx")
# A page of paper holds no more columns: the rates that are read together, and what they are rates of.
_ON_PAPER = ("accepted", "closed", "closure_rate", "resolution_rate", "feedback_coverage", "reopen_rate")


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the export; `kinds`: how numbers are written; `paper`: which columns a page of paper has room for."""

    title: str
    heads: Sequence[str]
    kinds: Sequence[Kind]
    rows: Sequence[Sequence[object]]
    paper: Sequence[int] = field(default=())
    note: str = ""


def exports_of(unit: Unit, query: str, dimension: str) -> list[dict]:
    """Return the links that save a dashboard as a file."""
    by = f"&{urlencode({'by': dimension})}" if dimension else ""
    labels = {EXCEL: _("Save as Excel"), WORD: _("Save as Word")}
    return [
        {"url": f"{reverse('dashboard_export', args=[unit.pk, kind])}?{query}{by}", "label": labels[kind]}
        for kind in KINDS
    ]


@login_required
def export(request: HttpRequest, unit_id: int, kind: str) -> HttpResponse:
    """Send the dashboard of the unit and the period as a file; all of it is read in one snapshot.

    404 for a kind of file or a division there is none of, 400 for days that cannot be used.
    """
    dimension = request.GET.get("by", CATEGORY)
    if kind not in KINDS or dimension not in DIMENSIONS:
        raise Http404
    unit, _scope = unit_in_scope(request, unit_id)
    form = period_form(request)
    if form.chosen is None:
        raise InvalidInput({name: messages[0] for name, messages in form.errors.items()})
    with snapshot():
        sections = _sections(unit, form, dimension)
    days = day_words(form.chosen)
    if kind == EXCEL:
        body, content_type = _workbook(unit, days, sections), sheets.CONTENT_TYPE
    else:
        body, content_type = _document(unit, days, sections), letter_word.CONTENT_TYPE
    answer = HttpResponse(body, content_type=content_type)
    name = f"dashboard-{unit.pk}-{form.chosen.since}-{form.chosen.until}.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _sections(unit: Unit, form: PeriodForm, dimension: str) -> list[Section]:
    period, now = form.chosen, clock.now()
    found = read(
        unit=unit, periods={rates.PERIOD: period}, now=now, by_place=True, dimension=dimension, step=period.step
    )
    asked = Asked(unit, form, now)
    children = places_table(unit, found, period, "", "")
    parts = parts_table(unit, dimension, found.keys, period)
    sections = [
        _measures(found),
        _funnel(asked),
        _ageing(asked),
        _trend(found, form),
        _table(children) if children.rows else None,
        _table(parts) if parts.rows else None,
        _hot(asked),
        _cards(asked),
        _loads(asked),
    ]
    return [section for section in sections if section is not None and section.rows]


# The tables


def _measures(found: Reading) -> Section:
    measured = rates.measures(found.totals[rates.PERIOD])
    return Section(
        _("Measures"),
        [_("Measure"), _("Value"), _("Numerator"), _("Denominator")],
        [Kind.TEXT, Kind.TEXT, Kind.NUMBER, Kind.WHOLE],
        [
            (
                label_of(key),
                _value_words(measured[key]),
                measured[key].as_dict()["numerator"],
                measured[key].as_dict()["denominator"],
            )
            for key in FIGURES
        ],
    )


def _value_words(measure: Found) -> str:
    if isinstance(measure, TimeToClose):
        return duration_hours(measure.median_hours)
    return thousands(measure.value) if measure.denominator is None else rate(measure.value)


def _funnel(asked: Asked) -> Section:
    return Section(
        str(PANELS["funnel"].title),
        [_("Step"), _("Cases"), _("Median since the step before"), _("Cases measured")],
        [Kind.TEXT, Kind.WHOLE, Kind.TEXT, Kind.TEXT],
        [
            (str(row["label"]), row["cases"], row["median"], row["measured"] if row["median"] else "")
            for row in funnel_rows(asked)
        ],
    )


def _ageing(asked: Asked) -> Section:
    return Section(
        str(PANELS["ageing"].title),
        [_("Open for"), _("Cases"), _("Past their limit")],
        [Kind.TEXT, Kind.WHOLE, Kind.WHOLE],
        [(row["label"], row["cases"], row["late"]) for row in ageing_rows(asked)],
        note=_("Open cases now, whenever reported"),
    )


def _trend(found: Reading, form: PeriodForm) -> Section:
    period = form.chosen
    return Section(
        str(TREND_TITLE),
        [_("When reported"), pgettext("measure", "Accepted"), _("Of these closed")],
        [Kind.TEXT, Kind.WHOLE, Kind.WHOLE],
        [(bar_words(part.period, period.step), part.accepted, part.closed) for part in rates.trend_of(found, period)],
    )


def _table(table: Table) -> Section:
    columns = [key for key in COLUMNS if key != TIME_TO_CLOSE]
    kinds = [Kind.TEXT, *(Kind.WHOLE if key in ("accepted", "closed") else Kind.RATE for key in columns)]
    return Section(
        str(table.title),
        [str(table.first), *(label_of(key) for key in columns), label_of(TIME_TO_CLOSE)],
        [*kinds, Kind.TEXT],
        [_table_row(row, columns) for row in table.rows],
        paper=[0, *(place + 1 for place, key in enumerate(columns) if key in _ON_PAPER)],
    )


def _table_row(row: Row, columns: Sequence[str]) -> tuple:
    values = [row.found[key].value if isinstance(row.found[key], Measure) else None for key in columns]
    return (row.name, *values, _value_words(row.found[TIME_TO_CLOSE]))


def _hot(asked: Asked) -> Section | None:
    rows, before = hot_rows(asked)
    if before is None:
        return None
    return Section(
        str(PANELS["hotspots"].title),
        [_("Category"), _("Place"), pgettext("period", "Before"), pgettext("period", "Now")],
        [Kind.TEXT] * 4,
        [(row["category"], row["unit"], row["before"], row["now"]) for row in rows],
        note=_("Compared with %(days)s") % {"days": day_words(before)},
    )


def _cards(asked: Asked) -> Section:
    rows = card_rows(asked)
    return Section(
        str(PANELS["cards"].title),
        [_("Shown to"), *(str(cell["words"]) for cell in (rows[0]["cells"] if rows else ()))],
        [Kind.TEXT] * 5,
        [(row["name"], *(cell["number"] for cell in row["cells"])) for row in rows],
    )


def _loads(asked: Asked) -> Section:
    rows = load_rows(asked)
    groups = [group["label"] for group in rows[0]["groups"]] if rows else []
    return Section(
        str(PANELS["burden"].title),
        [_("What"), _("Per chief and week"), *groups],
        [Kind.TEXT, Kind.NUMBER, *([Kind.TEXT] * len(groups))],
        [(str(row["label"]), round(row["value"], 2), *(group["rate"] for group in row["groups"])) for row in rows],
    )


# The files


def _workbook(unit: Unit, days: str, sections: Sequence[Section]) -> bytes:
    buffer = io.BytesIO()
    with sheets.Book(buffer) as book:
        for section in sections:
            columns = [
                Column(head, kind, 26 if place == 0 else 14)
                for place, (head, kind) in enumerate(zip(section.heads, section.kinds, strict=True))
            ]
            notes = [f"{unit.name} · {days}", *([section.note] if section.note else [])]
            book.sheet(section.title, columns, title=section.title, notes=notes).add_all(section.rows)
    return buffer.getvalue()


def _document(unit: Unit, days: str, sections: Sequence[Section]) -> bytes:
    blocks: list = [Paragraph(_("Cases reported %(days)s") % {"days": days})]
    for section in sections:
        places = section.paper or range(len(section.heads))
        rows = tuple(tuple(_cell(row[place], section.kinds[place]) for place in places) for row in section.rows)
        blocks.append(LetterHeading(section.title))
        blocks.append(
            Grid(
                tuple(section.heads[place] for place in places),
                rows,
                numbers=frozenset(range(1, len(places))),
                note=section.note,
            )
        )
    letter = Letter(issuer=unit.name, title=_("Dashboard of %(unit)s") % {"unit": unit.name}, blocks=tuple(blocks))
    return letter_word.word_file(letter)


def _cell(value: object, kind: Kind) -> str:
    if value is None:
        return NOTHING
    if kind is Kind.RATE:
        return rate(value)
    return thousands(value) if isinstance(value, int) else str(value)

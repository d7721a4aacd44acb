"""The monthly bulletin (通报) as an official letter: every rate with what it is divided by, places in the order of the
tree, units of one class in one table, nobody by name. Pure."""

from collections.abc import Callable, Sequence

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linjiang.common.clock import local_day
from linjiang.common.letters import Block, Grid, Heading, Letter, Paragraph, Signed
from linjiang.common.templatetags.lj import rate, thousands
from linjiang.common.text import Day, Moment
from orgs.peers import NAMES
from reporting.measures import KINDS, Counts, Measure, TimeToClose
from reporting.periods import Period
from reporting.services.bulletins import BulletinFacts, Place

Measured = dict[str, Measure | TimeToClose]

# The closure rate never stands alone.
OVERALL = (
    "accepted", "closed", "closure_rate", "resolution_rate", "feedback_coverage", "reopen_rate", "satisfaction",
    "on_time_rate", "response_rate", "settled_lowest",
)  # fmt: skip
OF_PLACES = ("accepted", "closure_rate", "resolution_rate", "feedback_coverage", "reopen_rate", "satisfaction")
OF_CATEGORIES = ("accepted", "closed", "closure_rate", "resolution_rate")
MOST_CATEGORIES = 15


def bulletin_letter(facts: BulletinFacts, *, measured: Callable[[Counts], Measured]) -> Letter:
    """Return the bulletin; `measured` makes the measures of counts with the city's weights."""
    unit, month = facts.unit, month_words(facts.month)
    sections: list[tuple[str, Sequence[Block]]] = [(_("Overall"), _overall(facts, measured))]
    if facts.places:
        sections.append((_("Units of one class side by side"), _of_places(facts, measured)))
    if facts.categories:
        sections.append((_("What the cases are about"), [_of_categories(facts, measured)]))
    sections.append((_("Open, overdue and cards in force"), _standing(facts)))
    blocks: list[Block] = [
        Paragraph(
            _("How the problems that residents of %(unit)s told in %(month)s were handled is made known herewith.")
            % {"unit": unit.name, "month": month}
        )
    ]
    for place, (title, parts) in enumerate(sections, 1):
        blocks += [Heading(_("%(ordinal)s. %(title)s") % {"ordinal": ordinal(place), "title": title}), *parts]
    blocks.append(Paragraph(_how_counted(facts)))
    return Letter(
        issuer=unit.name,
        title=_("Bulletin of the neighbour-chief work in %(month)s") % {"month": month},
        number=_("Bulletin [%(year)s] No. %(month)s")
        % {"year": facts.month.since.year, "month": facts.month.since.month},
        blocks=tuple(blocks),
        signed=Signed(unit.name, str(Day(local_day(facts.at)))),
    )


def month_words(month: Period) -> str:
    """Return the month as a letter writes it: 2026年11月."""
    return dateformat.format(month.since, pgettext("date format of a month in a letter", "F Y"))


def ordinal(number: int) -> str:
    """Return the number of a first-level heading: 一, in English I."""
    words = _("I II III IV V VI VII VIII").split()
    return words[number - 1]


def _overall(facts: BulletinFacts, measured: Callable[[Counts], Measured]) -> list[Block]:
    found = measured(facts.counts)
    rows = tuple((str(KINDS[key].label), *_parts(found[key])) for key in OVERALL)
    heads = (_("Measure"), _("Value"), _("Numerator"), _("Denominator"))
    return [Grid(heads, rows, widths=(0.4, 0.2, 0.2, 0.2), numbers=frozenset({1, 2, 3}))]


def _parts(measure: Measure) -> tuple[str, str, str]:
    if measure.denominator is None:
        return thousands(measure.value), "", ""
    return rate(measure.value), thousands(measure.numerator), thousands(measure.denominator)


def _cell(measure: Measure) -> str:
    if measure.denominator is None:
        return thousands(measure.value)
    if not measure.denominator:
        return rate(None)
    return f"{rate(measure.value)}\n({thousands(measure.numerator)}/{thousands(measure.denominator)})"


def _of_places(facts: BulletinFacts, measured: Callable[[Counts], Measured]) -> list[Block]:
    """One table for each class of units, each in the order of the tree, then what was filed at the unit itself."""
    blocks: list[Block] = []
    heads = (_("Unit"), *(str(KINDS[key].label) for key in OF_PLACES))
    numbers = frozenset(range(1, len(heads)))
    classes = list(dict.fromkeys(place.peers for place in facts.places))
    by_class = {peers: [one for one in facts.places if one.peers == peers] for peers in classes}
    for peers, places in by_class.items():
        rows = tuple(_place_row(place, measured) for place in places)
        if peers:
            blocks.append(Paragraph(f"{NAMES[peers]}"))
        blocks.append(Grid(heads, rows, widths=(1.3, 0.95, 1.1, 1.1, 1.35, 1.05, 1.1), numbers=numbers))
    return blocks


def _place_row(place: Place, measured: Callable[[Counts], Measured]) -> tuple[str, ...]:
    found = measured(place.counts)
    return (place.name, *(_cell(found[key]) for key in OF_PLACES))


def _of_categories(facts: BulletinFacts, measured: Callable[[Counts], Measured]) -> Grid:
    shown = facts.categories[:MOST_CATEGORIES]
    rows = []
    for name, counts in shown:
        found = measured(counts)
        rows.append((name, *(_cell(found[key]) for key in OF_CATEGORIES)))
    note = ""
    if len(facts.categories) > len(shown):
        left = sum(counts.cases["accepted"] for _name, counts in facts.categories[len(shown) :])
        note = _("In further categories: %(count)s cases.") % {"count": thousands(left)}
    heads = (_("Category"), *(str(KINDS[key].label) for key in OF_CATEGORIES))
    return Grid(heads, tuple(rows), widths=(2, 1, 1, 1.4, 1.4), numbers=frozenset(range(1, len(heads))), note=note)


def _standing(facts: BulletinFacts) -> list[Block]:
    standing = facts.standing
    words = _(
        "At %(when)s, %(open)s cases are open, %(overdue)s of them past their limit; %(yellow)s cases have a yellow "
        "card in force, %(red)s a red one; a card that was not answered in time stays until the case is closed."
    ) % {
        "when": Moment(facts.at),
        "open": thousands(standing.open),
        "overdue": thousands(standing.overdue),
        "yellow": thousands(standing.yellow),
        "red": thousands(standing.red),
    }
    blocks: list[Block] = [Paragraph(words)]
    if facts.places:
        heads = (_("Unit"), _("Open"), _("Past their limit"), _("Yellow cards"), _("Red cards"))
        rows = tuple(
            (one.name, *(thousands(getattr(one.standing, name)) for name in ("open", "overdue", "yellow", "red")))
            for one in facts.places
        )
        blocks.append(Grid(heads, rows, widths=(2, 1, 1, 1, 1), numbers=frozenset({1, 2, 3, 4})))
    return blocks


def _how_counted(facts: BulletinFacts) -> str:
    return _(
        "Counted are the cases reported from %(since)s to %(until)s, as they stood at %(when)s; below each rate stand "
        "its numerator and denominator. Units stand in the order of the place; chiefs are neither compared nor ranked."
    ) % {"since": Day(facts.month.since), "until": Day(facts.month.until), "when": Moment(facts.at)}

"""The dashboard as a workbook and as a Word document: the page's numbers, safe to open."""

import io
from datetime import timedelta

import pytest
from django.urls import reverse
from docx import Document
from python_calamine import CalamineWorkbook

from grievances.choices import Card
from orgs.models import Unit
from reporting.services.ageing import aged
from reporting.services.rates import closure_rates
from tests.factories import NOON, World, make_world
from tests.reporting.rows import put, put_everything
from tests.reporting.test_dashboard import as_user, statements
from tests.reporting.test_panels import card

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

DAYS = {"since": "2026-03-04", "until": "2026-03-04"}
LATER = NOON + timedelta(days=30)


@pytest.fixture
def world(time_machine) -> World:
    time_machine.move_to(LATER)
    world = make_world()
    put_everything(world)
    card(world, put(world), Card.RED)
    return world


def export(world: World, kind: str, unit: str = "street", **query):
    client = as_user(world.city_official)
    client.cookies["django_language"] = "en"
    answer = client.get(reverse("dashboard_export", args=[world.units[unit].pk, kind]), {**DAYS, **query})
    assert answer.status_code == 200
    return answer


def sheets(answer) -> dict[str, list[list]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_workbook_holds_every_table_of_the_page_with_its_numbers(world):
    found = sheets(export(world, "xlsx"))
    assert list(found) == [
        "Measures",
        "The five steps",
        "How long open cases have waited",
        "Cases over time",
        "By Community",
        "What the cases are about",
        "Cards in force",
    ]
    rates = closure_rates(unit=world.units["street"], since=NOON.date(), until=NOON.date())
    measures = {row[0]: row for row in found["Measures"]}
    assert measures["Closure rate"][2:] == [rates["closure_rate"]["numerator"], rates["closure_rate"]["denominator"]]
    ages = [row[1:] for row in found["How long open cases have waited"][-6:]]
    assert ages == [[one.cases, one.late] for one in aged(unit=world.units["street"], now=LATER)]
    steps = [row[1] for row in found["The five steps"][-5:]]
    assert steps[1] == rates["accepted"]["value"]
    assert steps[4] == rates["closed"]["value"]
    parts = found["What the cases are about"]
    assert sum(row[1] for row in parts[-2:]) == rates["accepted"]["value"]


def test_names_that_would_be_formulas_are_words_in_the_workbook(world):
    Unit.objects.filter(pk=world.units["community"].pk).update(name="=1+1")
    rows = list(sheets(export(world, "xlsx")).values())[4]
    assert "'=1+1" in [row[0] for row in rows]


def test_the_word_document_holds_the_same_tables(world):
    document = Document(io.BytesIO(export(world, "docx", by="source").content))
    words = " ".join(paragraph.text for paragraph in document.paragraphs)
    for title in ("The five steps", "Cases over time", "Where the cases come from", "Cards in force"):
        assert title in words
    rates = closure_rates(unit=world.units["street"], since=NOON.date(), until=NOON.date())
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert str(rates["accepted"]["value"]) in cells
    assert f"{100 * rates['closure_rate']['value']:.2f}\u00a0%" in [cell.replace(" ", "\u00a0") for cell in cells]


def test_a_place_without_cases_is_exported_without_empty_tables(world):
    for kind in ("xlsx", "docx"):
        export(world, kind, "neighbourhood", since="2025-01-01", until="2025-01-01")
    names = list(sheets(export(world, "xlsx", "neighbourhood", since="2025-01-01", until="2025-01-01")))
    assert "What the cases are about" not in names


def test_a_file_is_read_in_few_statements(world):
    url = reverse("dashboard_export", args=[world.units["district"].pk, "xlsx"])
    assert statements(as_user(world.city_official), f"{url}?since=2026-03-01&until=2026-03-31") <= 36

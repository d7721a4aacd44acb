"""The five steps end to end, by the services."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grievances.choices import Confirmation, Status
from grievances.services.feedback import rate_by_link, record_feedback
from grievances.services.verbs import perform
from linjiang.common.errors import NotAllowed
from tests.factories import NOON, category, file_case, make_world

pytestmark = pytest.mark.django_db


def test_discover_report_assign_resolve_feedback():
    world = make_world()
    case = file_case(world, category=category())
    assert case.status == Status.REPORTED
    assert case.holder_unit == world.units["group"]
    case = perform(action="assign", actor=world.street, grievance=case, now=NOON, agency=world.agency)
    case = perform(action="acknowledge", actor=world.handler, grievance=case, now=NOON)
    case = perform(action="resolve", actor=world.handler, grievance=case, now=NOON, result="已更换灯泡")
    with pytest.raises(NotAllowed):
        record_feedback(actor=world.handler, grievance=case, now=NOON, rating=5)
    case = rate_by_link(token=case.token, rating=5, said_resolved=True, comment="谢谢", now=NOON)
    assert case.status == Status.CLOSED
    assert case.confirmation == Confirmation.RESIDENT
    assert list(case.events.values_list("action", flat=True)) == [
        "discover",
        "report",
        "assign",
        "acknowledge",
        "resolve",
        "feedback",
    ]


def test_filing_takes_at_most_twelve_statements():
    world = make_world()
    kind = category()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        file_case(world, category=kind, household=world.household, contact_phone="13812345678")
    assert len(queries) <= 12, [query["sql"][:80] for query in queries]

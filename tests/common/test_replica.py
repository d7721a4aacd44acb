"""Figures read from a replica where there is one, and from the database itself inside a transaction."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from linjiang.common.replica import REPLICA
from reporting.services.rates import closure_rates
from tests.factories import NOON, file_case, make_world

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
DAY = NOON.date()


@pytest.fixture(scope="module", autouse=True)
def _second_way(django_db_setup):
    """A second way into the same database, as a replica without delay would be; there before a test asks for any."""
    entry = {**connections.databases["default"]}
    connections.databases[REPLICA] = settings.DATABASES[REPLICA] = entry
    yield
    del connections.databases[REPLICA]
    settings.DATABASES.pop(REPLICA, None)


@pytest.fixture
def replica():
    yield connections[REPLICA]
    connections[REPLICA].close()


def test_every_statement_of_the_figures_goes_to_the_replica_and_they_are_the_same(replica):
    world = make_world()
    file_case(world)
    street, now = world.units["street"], NOON + timedelta(minutes=5)
    with CaptureQueriesContext(replica) as there, CaptureQueriesContext(connection) as here:
        found = closure_rates(unit=street, since=DAY, until=DAY, now=now)
    assert found["accepted"]["value"] == 1
    assert not here.captured_queries
    assert "READ ONLY" in " ".join(query["sql"] for query in there)


def test_inside_a_transaction_what_it_wrote_is_read(replica):
    world = make_world()
    with transaction.atomic(), CaptureQueriesContext(replica) as there:
        file_case(world)
        found = closure_rates(unit=world.units["street"], since=DAY, until=DAY, now=NOON + timedelta(minutes=5))
        assert found["accepted"]["value"] == 1
    assert not there.captured_queries

"""Buckets of durations: narrow enough, the same in SQL, and percentiles that hold against the single durations."""

import statistics
from collections import Counter
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from reporting.durations import BOUNDS, bucket_of, hours_of, percentile_hours

WITHIN = 0.025 + 1e-9
seconds = st.integers(min_value=60, max_value=10 * 365 * 86_400)


def test_no_bucket_is_wider_than_five_per_cent_and_the_bounds_cover_a_minute_to_twenty_years():
    assert all(low < high <= low * 1.05 for low, high in pairwise(BOUNDS))
    assert BOUNDS[0] == 60
    assert BOUNDS[-1] >= 20 * 365 * 86_400


@pytest.mark.parametrize(("took", "bucket"), [(-5, 0), (0, 0), (59.9, 0), (60, 1), (62.9, 1), (63, 2)])
def test_a_duration_falls_into_the_bucket_whose_lower_bound_it_reaches(took, bucket):
    assert bucket_of(took) == bucket


@given(seconds)
def test_a_bucket_stands_for_its_durations_within_half_its_width(took):
    assert hours_of(bucket_of(took)) * 3600 == pytest.approx(took, rel=WITHIN)


@given(st.lists(seconds, min_size=2, max_size=60))
def test_percentiles_from_buckets_are_those_of_the_durations_within_half_a_bucket(took):
    buckets = Counter(map(bucket_of, took))
    exact = statistics.quantiles(took, n=10, method="inclusive")
    assert percentile_hours(buckets, 0.5) * 3600 == pytest.approx(exact[4], rel=WITHIN)
    assert percentile_hours(buckets, 0.9) * 3600 == pytest.approx(exact[8], rel=WITHIN)


@given(st.lists(seconds, max_size=30), st.lists(seconds, max_size=30))
def test_buckets_of_two_places_add_up_to_those_of_both(first, second):
    apart = Counter(map(bucket_of, first)) + Counter(map(bucket_of, second))
    together = Counter(map(bucket_of, first + second))
    assert apart == together
    assert percentile_hours(apart, 0.9) == percentile_hours(together, 0.9)


@given(st.lists(seconds, min_size=1, max_size=30))
def test_a_higher_percentile_is_never_a_shorter_time(took):
    buckets = Counter(map(bucket_of, took))
    found = [percentile_hours(buckets, share / 10) for share in range(11)]
    assert found == sorted(found)


def test_nothing_counted_has_no_percentile():
    assert percentile_hours(Counter(), 0.5) is None


@pytest.mark.django_db
def test_postgresql_puts_every_bound_and_its_neighbours_into_the_same_bucket():
    tried = [bound + step for bound in BOUNDS for step in (-1, 0, 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT width_bucket(s, %s::bigint[]) FROM unnest(%s::bigint[]) AS s", [list(BOUNDS), tried])
        found = [row[0] for row in cursor.fetchall()]
    assert found == [bucket_of(took) for took in tried]

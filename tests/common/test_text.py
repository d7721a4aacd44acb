"""Days, moments and lists in words: one way per language, on pages, in messages and in the framework's own columns."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import timezone, translation
from django.utils.formats import date_format

from linjiang.common.text import Day, Moment, at_moment, in_both_languages, in_my_language, listed

SAID = datetime(2026, 12, 20, 6, 5, tzinfo=UTC)  # 14:05 in the city


@pytest.fixture(autouse=True)
def _this_year():
    with time_machine.travel(datetime(2026, 12, 21, tzinfo=UTC), tick=False):
        yield


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [("zh-hans", "2026年12月20日", "2026年12月20日 14:05"), ("en", "20 Dec 2026", "20 Dec 2026 14:05")],
)
def test_the_framework_writes_days_and_moments_as_we_do(language, day, moment):
    with translation.override(language):
        local = timezone.localtime(SAID)
        assert str(Day(local.date())) == date_format(local, "DATE_FORMAT") == day
        assert date_format(local, "DATETIME_FORMAT") == moment


@pytest.mark.parametrize(
    ("language", "said", "a_year_later"),
    [("zh-hans", "12月20日 14:05", "2026年12月20日 14:05"), ("en", "20 Dec 14:05", "20 Dec 2026 14:05")],
)
def test_a_moment_of_another_year_has_its_year(language, said, a_year_later):
    with translation.override(language):
        assert in_my_language(at_moment(SAID)) == str(Moment(SAID)) == said
        with time_machine.travel(datetime(2027, 1, 2, tzinfo=UTC), tick=False):
            assert in_my_language(at_moment(SAID)) == a_year_later


def test_a_day_is_kept_in_both_languages():
    assert in_both_languages(Day(date(2026, 12, 1))) == {"zh": "2026年12月1日", "en": "1 Dec 2026"}


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "甲、2"), ("en", "甲, 2")])
def test_things_are_listed_as_the_language_does(language, words):
    with translation.override(language):
        assert listed(["甲", 2]) == in_my_language(["甲", 2]) == words
        assert in_my_language([{"zh": "甲", "en": "甲"}, "2"]) == words

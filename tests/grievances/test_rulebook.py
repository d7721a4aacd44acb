"""Which limit and which ladder hold for a case, and that a changed rule is seen by every process."""

import pytest

from grievances.choices import Stage
from grievances.deadlines import HOURS, WORKDAYS, Limit
from grievances.models import Category, Ladder, StageLimit
from grievances.services.rulebook import checked_ladder, rulebook
from linjiang.common.errors import InvalidInput
from orgs import rules
from orgs.models import RuleChange
from orgs.rules import note_rule_change
from orgs.services.system import system_user
from tests.factories import NOON, World, category, file_case, make_world

pytestmark = pytest.mark.django_db
DAY = 7 * 3600


@pytest.fixture
def world() -> World:
    return make_world()


def changed() -> None:
    note_rule_change(actor=system_user(), now=NOON, why="Limits were changed")


def set_limit(amount: int, *, stage: str = Stage.RESOLVE, counts: str = HOURS, **fields) -> StageLimit:
    row = StageLimit.objects.create(stage=stage, amount=amount, counts=counts, **fields)
    changed()
    return row


def resolve_limit(world: World, kind: Category | None, urgency: str = "7d", place: str = "neighbourhood") -> Limit:
    return rulebook().limit(
        Stage.RESOLVE, urgency=urgency, category_id=kind and kind.pk, unit_path=world.units[place].path
    )


@pytest.mark.parametrize(
    ("urgency", "stages"),
    [
        ("2h", {"assign": "0.5h", "acknowledge": "0.5h", "resolve": "2h", "feedback": "24h"}),
        ("24h", {"assign": "4h", "acknowledge": "4h", "resolve": "24h", "feedback": "2wd"}),
        ("7d", {"assign": "1wd", "acknowledge": "1wd", "resolve": "7wd", "feedback": "3wd"}),
        ("15d", {"assign": "1wd", "acknowledge": "1wd", "resolve": "15wd", "feedback": "5wd"}),
    ],
)
def test_the_profile_s_limits(world, urgency, stages):
    for stage, text in stages.items():
        kind, seconds = (HOURS, 3600) if text.endswith("h") else (WORKDAYS, DAY)
        found = rulebook().limit(stage, urgency=urgency, category_id=None, unit_path=world.units["city"].path)
        assert found == Limit(round(float(text.rstrip("hwd")) * seconds), kind)


def test_the_narrower_rule_wins(world):
    kind = category()
    resolve = {"resolve_hours": 50}
    Category.objects.filter(pk=kind.pk).update(**resolve)
    changed()
    # A category's own hours, for its usual urgency alone.
    assert resolve_limit(world, kind) == Limit(50 * 3600, HOURS)
    assert resolve_limit(world, kind, "15d") == Limit(15 * DAY, WORKDAYS)
    assert resolve_limit(world, None) == Limit(7 * DAY, WORKDAYS)
    for amount, fields in (
        (60, {}),
        (61, {"urgency": "7d"}),
        (62, {"category": kind.parent}),
        (63, {"category": kind.parent, "urgency": "7d"}),
        (64, {"category": kind}),
        (65, {"category": kind, "urgency": "7d"}),
        (66, {"unit": world.units["street"]}),
        (67, {"unit": world.units["street"], "category": kind}),
        (68, {"unit": world.units["community"]}),
        (69, {"unit": world.units["community"], "urgency": "7d"}),
    ):
        set_limit(amount, **fields)
        assert resolve_limit(world, kind) == Limit(amount * 3600, HOURS), fields
    # Elsewhere, and for others, the wider rules hold on.
    assert resolve_limit(world, kind, place="street") == Limit(67 * 3600, HOURS)
    assert resolve_limit(world, kind, place="other_neighbourhood") == Limit(65 * 3600, HOURS)
    assert resolve_limit(world, None, place="other_neighbourhood") == Limit(61 * 3600, HOURS)
    assert resolve_limit(world, None, "2h", place="other_neighbourhood") == Limit(60 * 3600, HOURS)
    assert resolve_limit(world, kind, "2h") == Limit(68 * 3600, HOURS)
    feedback = rulebook().limit(
        Stage.FEEDBACK, urgency="7d", category_id=kind.pk, unit_path=world.units["neighbourhood"].path
    )
    assert feedback == Limit(3 * DAY, WORKDAYS)


def test_a_unit_s_limit_sets_the_case_s_deadline(world):
    set_limit(2, unit=world.units["community"], counts=WORKDAYS)
    assert file_case(world).limit == 2 * DAY


def own_ladder(**fields) -> None:
    ladder = Ladder.objects.create(**fields)
    ladder.rungs.create(position=1, at="50%", card="remind", tell="holder")
    ladder.rungs.create(position=2, at="+2h", card="red", tell="holder,district")
    changed()


def test_a_ladder_of_its_own(world):
    kind, plain = category(), rulebook().default_ladder
    assert [rung.card for rung in plain] == ["remind", "urge", "yellow", "red"]
    for fields in (
        {"urgency": "7d"},
        {"category": kind.parent},
        {"category": kind},
        {"category": kind, "urgency": "7d"},
    ):
        own_ladder(**fields)
        mine = rulebook().ladder(category_id=kind.pk, urgency="7d")
        assert mine == rulebook().ladders[fields.get("category") and fields["category"].pk, fields.get("urgency", "")]
        assert [(rung.share, rung.after, rung.tell) for rung in mine] == [
            (0.5, None, ("holder",)),
            (None, Limit(7200, HOURS), ("holder", "district")),
        ]
    assert rulebook().ladder(category_id=None, urgency="15d") == plain
    assert rulebook().ladder(category_id=None, urgency="7d") != plain


@pytest.mark.parametrize(
    "rungs",
    [
        ["80%", "80%"],
        ["100%", "80%"],
        ["+1wd", "100%"],
        ["+3wd", "+1wd"],
        ["+1wd", "+20h"],
        ["soon"],
        [],
    ],
)
def test_a_ladder_that_does_not_rise_is_refused(world, rungs):
    with pytest.raises(InvalidInput) as refusal:
        checked_ladder([(at, "remind", "holder") for at in rungs], rulebook().calendar)
    assert list(refusal.value.errors) == ["rungs"]


def test_a_ladder_that_rises(world):
    rungs = [(at, "remind", "holder,superior") for at in ("50%", "80%", "100%", "+4h", "+1wd", "+30h")]
    found = checked_ladder(rungs, rulebook().calendar)
    assert [rung.number for rung in found] == [1, 2, 3, 4, 5, 6]
    assert found[0].tell == ("holder", "superior")


def test_rules_are_read_once_for_a_version(world, django_assert_num_queries):
    rulebook()
    with django_assert_num_queries(0):
        rulebook()
    changed()
    assert rulebook().version == RuleChange.objects.latest("pk").pk


def test_a_change_by_another_process_is_seen_within_seconds(world, monkeypatch):
    before = rulebook()
    later = [rules.clock.monotonic()]
    monkeypatch.setattr(rules.clock, "monotonic", lambda: later[0])
    # Another process changes a limit: this one's memory is not told.
    StageLimit.objects.create(stage=Stage.RESOLVE, amount=3, counts=WORKDAYS)
    RuleChange.objects.create(at=NOON, by=system_user(), why={})
    later[0] += rules.KEPT_SECONDS / 2
    assert rulebook() is before
    later[0] += rules.KEPT_SECONDS
    assert resolve_limit(world, None) == Limit(3 * DAY, WORKDAYS)


def test_why_a_rule_changed_is_kept_in_both_languages(world):
    change = note_rule_change(
        actor=system_user(), now=NOON, why="The work calendar of %(what)s was loaded", what="2027"
    )
    assert change.why["en"] == "The work calendar of 2027 was loaded"
    assert "2027" in change.why["zh"]

"""Every row of the workflow table: who may, who may not and why, and that nothing is left half done."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from grievances.choices import Action, Card, Status
from grievances.models import Category, Grievance, GrievanceEvent
from grievances.policies import available_actions, decide
from grievances.services import steps
from grievances.services.verbs import FIELDS, VERBS
from grievances.workflow import TABLE, actions_from
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed, StaleVersion
from notifications.models import Message
from orgs.choices import Role
from orgs.services.system import system_user
from tests.factories import NOON, World, file_case, fresh, make_post, make_world
from tests.grievances.scenes import HOUR, arguments, case_in, do, suspend

pytestmark = pytest.mark.django_db

# Who may take each step on a case that the world's chief filed and, past REPORTED, the community assigned.
MAY = {
    (Status.DISCOVERED, Action.REPORT): "chief community street",
    (Status.DISCOVERED, Action.RESOLVE_ON_SPOT): "chief",
    (Status.DISCOVERED, Action.WITHDRAW): "chief",
    (Status.REPORTED, Action.ASSIGN): "community street",
    (Status.REPORTED, Action.REFER_UP): "community group_leader street",
    (Status.REPORTED, Action.REFER_DOWN): "community street zone_leader",
    (Status.REPORTED, Action.SETTLE_HERE): "community group_leader street",
    (Status.REPORTED, Action.REJECT): "community street",
    (Status.REPORTED, Action.MERGE): "community group_leader street",
    (Status.REPORTED, Action.WITHDRAW): "chief",
    (Status.ASSIGNED, Action.ACKNOWLEDGE): "handler",
    (Status.ASSIGNED, Action.RETURN): "handler",
    (Status.ASSIGNED, Action.REASSIGN): "community street",
    (Status.IN_PROGRESS, Action.RESOLVE): "handler",
    (Status.IN_PROGRESS, Action.ASK_EXTENSION): "handler",
    (Status.IN_PROGRESS, Action.GRANT_EXTENSION): "community street",
    (Status.IN_PROGRESS, Action.REFUSE_EXTENSION): "community street",
    (Status.IN_PROGRESS, Action.ASK_SUSPENSION): "community handler street",
    (Status.IN_PROGRESS, Action.SUSPEND): "community street supervisor",
    (Status.IN_PROGRESS, Action.REFUSE_SUSPENSION): "community street supervisor",
    (Status.IN_PROGRESS, Action.RESUME): "community handler street",
    (Status.IN_PROGRESS, Action.RETURN): "handler",
    (Status.IN_PROGRESS, Action.REASSIGN): "community street",
    (Status.RESOLVED, Action.FEEDBACK): "chief community group_leader operator street zone_leader",
    (Status.RESOLVED, Action.RECORD_CALLBACK): "chief community group_leader operator street zone_leader",
    (Status.RESOLVED, Action.CLOSE_UNANSWERED): "community operator street",
    (Status.CLOSED, Action.REOPEN): "chief community operator street",
    (Status.REJECTED, Action.APPEAL): "chief",
}
_WATCHERS = "chief community group_leader operator street supervisor zone_leader"
for _status, _more in (
    (Status.DISCOVERED, ""),
    (Status.REPORTED, ""),
    (Status.ASSIGNED, " handler"),
    (Status.IN_PROGRESS, " handler"),
    (Status.RESOLVED, " handler"),
):
    MAY[_status, Action.ADD_PHOTO] = _WATCHERS + _more
    MAY[_status, Action.COMMENT] = _WATCHERS + _more + " city_official official"
    # Who was shown the card: the agency, else the desk that holds the case.
    MAY[_status, Action.ANSWER_CARD] = _more.strip()
    MAY[_status, Action.WITHDRAW_CARD] = "community street supervisor"
MAY[Status.CLOSED, Action.WITHDRAW_CARD] = "community street supervisor"
MAY[Status.CLOSED, Action.PUBLISH] = MAY[Status.CLOSED, Action.UNPUBLISH] = "community street"
MAY[Status.DISCOVERED, Action.ANSWER_CARD] = "chief"
MAY[Status.REPORTED, Action.ANSWER_CARD] = "group_leader"
for _status, _more in ((Status.REPORTED, " group_leader"), (Status.ASSIGNED, ""), (Status.IN_PROGRESS, "")):
    MAY[_status, Action.URGE] = "city_official community official operator street supervisor"
    MAY[_status, Action.YELLOW_CARD] = MAY[_status, Action.RED_CARD] = "supervisor"
    MAY[_status, Action.CLASSIFY] = "community street" + _more
    MAY[_status, Action.BLOW_WHISTLE] = MAY[_status, Action.RELEASE_CALL] = "community street"
    MAY[_status, Action.ARRIVE] = "second_handler"
    MAY[_status, Action.RECORD_JOINT] = "community street"
    MAY[_status, Action.INTERNAL_NOTE] = "community street supervisor" + _more
for _status in (Status.ASSIGNED, Status.IN_PROGRESS):
    MAY[_status, Action.RECORD_JOINT] += " handler"
    MAY[_status, Action.ADD_CO_HANDLER] = MAY[_status, Action.RELEASE_CO_HANDLER] = "community street"
    MAY[_status, Action.REPORT_PART] = "second_handler"
for _status in (Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED):
    MAY[_status, Action.INTERNAL_NOTE] = "community street supervisor handler"
MAY[Status.DISCOVERED, Action.INTERNAL_NOTE] = "community street supervisor"
EVERYBODY = {
    "chief",
    "second_chief",
    "group_leader",
    "zone_leader",
    "community",
    "street",
    "handler",
    "second_handler",
    "supervisor",
    "official",
    "city_official",
    "operator",
}
BY_HAND = [key for key in TABLE if key[1] in VERBS]


@pytest.fixture
def world() -> World:
    return make_world()


def photo(colour: str = "red") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "JPEG")
    return SimpleUploadedFile("a.jpg", buffer.getvalue(), "image/jpeg")


def show_card(case: Grievance) -> None:
    """Show a yellow card that waits for an answer, as the ladder does."""
    case.escalations.create(
        card=Card.YELLOW,
        rung=3,
        stage="resolve",
        due_at=NOON,
        unit=case.holder_unit,
        agency=case.lead_agency,
        by=system_user(),
        at=NOON,
    )


# Steps that need another one first, and whose it is.
BEFORE = {
    Action.GRANT_EXTENSION: (Action.ASK_EXTENSION, "handler"),
    Action.REFUSE_EXTENSION: (Action.ASK_EXTENSION, "handler"),
    Action.SUSPEND: (Action.ASK_SUSPENSION, "handler"),
    Action.REFUSE_SUSPENSION: (Action.ASK_SUSPENSION, "handler"),
    Action.REFER_DOWN: (Action.REFER_UP, "group_leader"),
    Action.UNPUBLISH: (Action.PUBLISH, "community"),
    Action.ARRIVE: (Action.BLOW_WHISTLE, "community"),
    Action.RELEASE_CALL: (Action.BLOW_WHISTLE, "community"),
    Action.RECORD_JOINT: (Action.BLOW_WHISTLE, "community"),
    Action.RELEASE_CO_HANDLER: (Action.ADD_CO_HANDLER, "community"),
    Action.REPORT_PART: (Action.ADD_CO_HANDLER, "community"),
}


def prepare(world: World, status: Status, action: Action) -> tuple[Grievance, dict]:
    """Return a case on which the step is open, guards satisfied, and its arguments."""
    case = case_in(world, status)
    given = arguments(world, action)
    if action in BEFORE:
        step, who = BEFORE[action]
        case = do(world, case, step, world.users[who])
    if action == Action.RESUME:
        case = suspend(world, case)
    if action == Action.RECORD_JOINT:
        case = do(world, case, Action.ARRIVE, world.second_handler)
    if action in (Action.ANSWER_CARD, Action.WITHDRAW_CARD):
        show_card(case)
    if action == Action.CLOSE_UNANSWERED:
        for hours in (-8, -4):
            case = do(world, case, Action.RECORD_CALLBACK, world.community, at=NOON + hours * HOUR)
    if action == Action.MERGE:
        given = {"into": case_in(world, Status.REPORTED)}
    if action == Action.ADD_PHOTO:
        given = {"photos": [photo()]}
    return case, given


@pytest.mark.parametrize(("status", "action"), BY_HAND, ids=[f"{status}-{action}" for status, action in BY_HAND])
def test_the_step_is_open_to_exactly_these(world, status, action):
    case, _given = prepare(world, status, action)
    everybody = {name: fresh(world.users[name]) for name in EVERYBODY}
    everybody |= {f"other {name}": fresh(user) for name, user in world.others.items()}
    answers = {name: decide(user, action, case, at=NOON) for name, user in everybody.items()}
    assert {name for name, answer in answers.items() if answer} == set(MAY[status, action].split())
    assert all(answer.reason for answer in answers.values() if not answer)
    for name, user in everybody.items():
        offered = {offer for offer, answer in available_actions(user, case, at=NOON) if answer}
        assert (action in offered) == answers[name].allowed


@pytest.mark.parametrize(("status", "action"), BY_HAND, ids=[f"{status}-{action}" for status, action in BY_HAND])
def test_the_step_leads_where_the_table_says_with_one_event(world, status, action):
    case, given = prepare(world, status, action)
    row = TABLE[status, action]
    actor = next(
        user for user in (fresh(world.users[name]) for name in sorted(EVERYBODY)) if decide(user, action, case, at=NOON)
    )
    version, events = case.version, case.events.count()
    changed = VERBS[action](actor=actor, grievance=case, now=NOON + HOUR, version=version, **given)
    changed.refresh_from_db()
    assert changed.status == (row.to or status)
    assert changed.version == version + 1
    assert changed.events.count() == events + 1
    event = changed.events.last()
    assert (event.action, event.from_status, event.to_status) == (action, status, changed.status)
    assert event.actor == actor


@pytest.mark.parametrize(("status", "action"), BY_HAND, ids=[f"{status}-{action}" for status, action in BY_HAND])
def test_a_step_that_fails_half_way_leaves_nothing_behind(world, status, action, monkeypatch):
    case, given = prepare(world, status, action)
    before = Grievance.objects.filter(pk=case.pk).values().get()
    events, messages = GrievanceEvent.objects.count(), Message.objects.count()

    def broken(_messages):
        raise RuntimeError("the outbox is full")

    monkeypatch.setattr(steps.outbox, "queue", broken)
    actor = next(
        user for user in (fresh(world.users[name]) for name in sorted(EVERYBODY)) if decide(user, action, case, at=NOON)
    )
    with pytest.raises(RuntimeError):
        VERBS[action](actor=actor, grievance=case, now=NOON + HOUR, **given)
    assert Grievance.objects.filter(pk=case.pk).values().get() == before
    assert GrievanceEvent.objects.count() == events
    assert Message.objects.count() == messages


@pytest.mark.parametrize("status", Status.values)
def test_a_step_the_table_does_not_have_is_a_conflict(world, status):
    case = case_in(world, status)
    closed_off = [action for action in VERBS if action not in actions_from(status)]
    for action in closed_off:
        with pytest.raises(Conflict) as refusal:
            VERBS[action](actor=world.street, grievance=case, now=NOON, **(required(action) | arguments(world, action)))
        assert refusal.value.code == "step_not_open"


def required(action: Action) -> dict:
    """Return placeholders for a verb's arguments that have no default."""
    return {Action.MERGE: {"into": Grievance(pk=0)}, Action.ADD_PHOTO: {"photos": []}}.get(action, {})


def test_every_verb_has_a_row_and_a_form():
    assert {action for _status, action in TABLE} - set(VERBS) == {
        Action.ESCALATE,
        Action.RATE_LATER,
        Action.RECOMPUTE,
        Action.JOIN,
    }
    assert set(FIELDS) == set(VERBS)


def test_a_stale_version_is_refused_and_changes_nothing(world):
    case = case_in(world, Status.REPORTED)
    do(world, case, Action.COMMENT, world.community)
    with pytest.raises(StaleVersion) as refusal:
        do(world, case, Action.ASSIGN, world.community, version=case.version)
    assert refusal.value.current == case.version + 1
    case.refresh_from_db()
    assert case.status == Status.REPORTED


@pytest.mark.parametrize("action", [Action.ASSIGN, Action.REJECT, Action.REFER_DOWN])
def test_what_the_table_requires_must_be_given(world, action):
    case = case_in(world, Status.REPORTED)
    name = TABLE[Status.REPORTED, action].required[0]
    with pytest.raises(InvalidInput) as refusal:
        do(world, case, action, world.community, **{name: None})
    assert list(refusal.value.errors) == [name]


def test_who_handled_a_case_does_not_confirm_it(world):
    by_agency = case_in(world, Status.RESOLVED)
    with pytest.raises(NotAllowed):
        do(world, by_agency, Action.FEEDBACK, world.handler)
    here = do(world, case_in(world, Status.REPORTED), Action.SETTLE_HERE, world.community)
    here = do(world, here, Action.RESOLVE, world.community)
    with pytest.raises(NotAllowed) as refusal:
        do(world, here, Action.FEEDBACK, world.community)
    assert str(refusal.value.message)
    assert do(world, here, Action.FEEDBACK, world.street).status == Status.CLOSED


def test_a_chief_who_settled_on_the_spot_does_not_confirm_it(world):
    case = do(world, case_in(world, Status.DISCOVERED), Action.RESOLVE_ON_SPOT, world.chief)
    with pytest.raises(NotAllowed):
        do(world, case, Action.FEEDBACK, world.chief)
    assert do(world, case, Action.FEEDBACK, world.community).status == Status.CLOSED


def test_a_chief_of_another_neighbourhood_has_no_say(world):
    case = case_in(world, Status.REPORTED)
    assert available_actions(fresh(world.second_chief), case, at=NOON) == []


def test_calls_in_a_row_count_as_one(world):
    case = case_in(world, Status.RESOLVED)
    for minutes in (0, 1, 2):
        case = do(world, case, Action.RECORD_CALLBACK, world.community, at=NOON + minutes * HOUR / 60)
    assert case.callbacks == 1
    with pytest.raises(NotAllowed):
        do(world, case, Action.CLOSE_UNANSWERED, world.community, at=NOON + HOUR)
    case = do(world, case, Action.RECORD_CALLBACK, world.community, at=NOON + 5 * HOUR)
    assert do(world, case, Action.CLOSE_UNANSWERED, world.community, at=NOON + 5 * HOUR).status == Status.CLOSED


def test_an_appeal_goes_above_the_desk_that_decided_and_past_the_person(world):
    case = do(world, case_in(world, Status.REPORTED), Action.REJECT, world.community)
    case = do(world, case, Action.APPEAL, world.chief)
    assert case.holder_unit == world.units["street"]
    with pytest.raises(NotAllowed):
        do(world, case, Action.REJECT, world.community)
    case = do(world, case, Action.REJECT, world.street)
    case = do(world, case, Action.APPEAL, world.chief)
    assert case.holder_unit == world.units["street"]
    with pytest.raises(NotAllowed) as refusal:
        do(world, case, Action.REJECT, world.street)
    assert "申诉" in str(refusal.value.message)


@pytest.mark.parametrize(("action", "pause"), [(Action.YELLOW_CARD, 24 * HOUR), (Action.URGE, HOUR)])
def test_cards_and_urges_leave_time_to_act(world, action, pause):
    case = do(world, case_in(world, Status.IN_PROGRESS), action, world.supervisor)
    with pytest.raises(NotAllowed) as refusal:
        do(world, case, action, world.supervisor, at=NOON + pause / 2)
    assert "12:00" in str(refusal.value.message)
    assert do(world, case, action, world.supervisor, at=NOON + pause).version == case.version + 1
    assert do(world, case, Action.RED_CARD, world.supervisor).version


def test_the_urgency_chosen_decides_the_limit(world):
    quick = Category.objects.filter(resolve_hours__isnull=False, urgency="2h", parent__isnull=False).first()
    case = do(world, case_in(world, Status.REPORTED), Action.CLASSIFY, world.community, category=quick)
    assert case.due_at == NOON + quick.resolve_hours * HOUR
    case = do(world, case, Action.CLASSIFY, world.community, category=quick, urgency="24h")
    assert (case.urgency, case.due_at) == ("24h", NOON + 24 * HOUR)


def test_who_filed_it_hears_of_setbacks(world):
    suspended = suspend(world, case_in(world, Status.IN_PROGRESS))
    sent_back = do(world, case_in(world, Status.RESOLVED), Action.FEEDBACK, world.community, rating=1)
    heard = set(Message.objects.filter(recipient=world.chief).values_list("kind", "facts__number"))
    assert {("case_suspended", suspended.number), ("case_again", sent_back.number)} <= heard


def test_a_case_is_filed_where_somebody_has_a_desk(world):
    operator = make_post(Role.OPERATOR, unit=world.units["district"]).user
    with pytest.raises(InvalidInput) as refusal:
        file_case(world, by=operator, unit=world.units["district"])
    assert list(refusal.value.errors) == ["unit"]
    with pytest.raises(InvalidInput) as refusal:
        file_case(world, by=operator, unit=world.units["community"], solved_result="好了")
    assert list(refusal.value.errors) == ["solved_result"]
    assert file_case(world, by=operator, unit=world.units["street"]).holder_unit == world.units["street"]

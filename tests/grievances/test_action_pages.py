"""The page of a step: who may open it, what it takes, and that nothing typed is ever lost."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import escape
from PIL import Image

from grievances.choices import Action, Status
from grievances.models import Category, Grievance
from grievances.policies import decide
from grievances.services import verbs
from grievances.services.verbs import FIELDS
from grievances.workflow import TABLE
from linjiang.common.errors import StaleVersion
from tests.factories import NOON, category, file_case, fresh, make_world, reason
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import called, case_in, do, suspend

pytestmark = pytest.mark.django_db
PEOPLE = ("chief", "group_leader", "community", "street", "handler", "second_handler", "supervisor", "official")


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def world():
    return make_world()


def path(case, action: str) -> str:
    return f"/cases/{case.number}/{action}/"


def photo(name: str = "a.jpg") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "JPEG")
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="image/jpeg")


def given(world, action: str) -> dict:
    """Return what a person sends with the step's form, as a browser would."""
    return {
        Action.RESOLVE_ON_SPOT: {"result": "当场拧紧了灯泡"},
        Action.WITHDRAW: {"reason": reason("withdraw").code},
        Action.ASSIGN: {"agency": world.agency.pk, "co_agencies": [world.second_agency.pk]},
        Action.REASSIGN: {"agency": world.second_agency.pk},
        Action.REFER_DOWN: {"unit": world.units["group"].pk},
        Action.REJECT: {"reason": reason("reject").code},
        Action.RETURN: {"reason": reason("return").code},
        Action.RESOLVE: {"result": "已更换灯泡", "photos": [photo()]},
        Action.ASK_EXTENSION: {"days": "3", "reason": reason("extend").code},
        Action.REFUSE_EXTENSION: {"note": "请按期办结"},
        Action.ASK_SUSPENSION: {"reason": reason("suspend").code, "review_on": "2026-03-24"},
        Action.REFUSE_SUSPENSION: {"note": "请按期办结"},
        Action.ANSWER_CARD: {"note": "人手不足，已增派两人"},
        Action.WITHDRAW_CARD: {"note": "时限设错了"},
        Action.FEEDBACK: {"rating": "5", "said_resolved": "yes", "comment": "谢谢"},
        Action.RECORD_CALLBACK: {"note": "无人接听"},
        Action.CLOSE_UNANSWERED: {"reason": reason("close_unanswered").code},
        Action.REOPEN: {"reason": reason("reopen").code},
        Action.APPEAL: {"note": "请再看一下"},
        Action.COMMENT: {"note": "已到现场", "is_public": "on"},
        Action.ADD_PHOTO: {"photos": [photo()]},
        Action.YELLOW_CARD: {"note": "超期"},
        Action.RED_CARD: {"note": "仍未办"},
        Action.CLASSIFY: {"category": category().pk, "urgency": "24h"},
        Action.PUBLISH: {"public_title": "路灯亮了", "public_text": "灯泡换好了。"},
        Action.UNPUBLISH: {"note": "写错了"},
        Action.BLOW_WHISTLE: {
            "agencies": [world.second_agency.pk],
            "place": "三号楼门口",
            "meet_at": "2026-03-04T15:30",
            "note": "一起看现场",
        },
        Action.ARRIVE: {"note": "到了", "photos": [photo()]},
        Action.RELEASE_CALL: {"note": "不用来了"},
        Action.RECORD_JOINT: {"note": "供水站明天接好水管"},
        Action.ADD_CO_HANDLER: {"agencies": [world.second_agency.pk], "note": "请接水管"},
        Action.RELEASE_CO_HANDLER: {"agencies": [world.second_agency.pk], "note": "不需要了"},
        Action.REPORT_PART: {"note": "水管已接好", "photos": [photo()]},
        Action.INTERNAL_NOTE: {"note": "上门注意方式"},
    }.get(action, {})


def send(user, case, action: str, data: dict):
    return signed_in(user).post(path(case, action), {"version": case.version, **data})


def together(world, action: str):
    """Return the same for the steps of several agencies."""
    if action in (Action.ARRIVE, Action.RELEASE_CALL, Action.RECORD_JOINT):
        case = called(world, case_in(world, Status.IN_PROGRESS))
        if action == Action.RECORD_JOINT:
            case = do(world, case, "arrive", world.second_handler)
        return case, world.second_handler if action == Action.ARRIVE else world.community
    case = do(world, case_in(world, Status.IN_PROGRESS), "add_co_handler", world.community)
    return case, world.second_handler if action == Action.REPORT_PART else world.community


def setting(world, action: str):
    """Return a case on which the step is open, and who may take it."""
    if action == Action.REFER_DOWN:
        case = do(world, file_case(world), "refer_up", world.group_leader)
        return case, world.zone_leader
    asked = {
        Action.GRANT_EXTENSION: "ask_extension",
        Action.REFUSE_EXTENSION: "ask_extension",
        Action.SUSPEND: "ask_suspension",
        Action.REFUSE_SUSPENSION: "ask_suspension",
    }
    if action in asked:
        return do(world, case_in(world, Status.IN_PROGRESS), asked[action], world.handler), world.community
    if action == Action.RESUME:
        return suspend(world, case_in(world, Status.IN_PROGRESS)), world.community
    if action == Action.ANSWER_CARD:
        return do(world, case_in(world, Status.IN_PROGRESS), "yellow_card", world.supervisor), world.handler
    if action == Action.WITHDRAW_CARD:
        return do(world, case_in(world, Status.IN_PROGRESS), "yellow_card", world.supervisor), world.community
    if action == Action.CLOSE_UNANSWERED:
        case = case_in(world, Status.RESOLVED)
        for hours in (-8, -4):
            case = do(world, case, "record_callback", world.community, at=NOON + timedelta(hours=hours))
        return case, world.community
    if action == Action.UNPUBLISH:
        return do(world, case_in(world, Status.CLOSED), "publish", world.community), world.community
    if action in (
        Action.ARRIVE,
        Action.RELEASE_CALL,
        Action.RECORD_JOINT,
        Action.RELEASE_CO_HANDLER,
        Action.REPORT_PART,
    ):
        return together(world, action)
    status = next(status for status, name in TABLE if name == action)
    case = case_in(world, status)
    who = next(name for name in PEOPLE if decide(fresh(getattr(world, name)), action, case, at=NOON))
    return case, getattr(world, who)


@pytest.mark.parametrize("action", [*FIELDS])
def test_every_step_can_be_taken_by_its_form(world, action):
    case, user = setting(world, action)
    data = given(world, action)
    if action == Action.MERGE:
        data = {"into": file_case(world).pk}
    form = signed_in(user).get(path(case, action))
    assert form.status_code == 200
    assert set(data) <= set(form.context["form"].fields)
    response = send(user, case, action, data)
    assert response.status_code == 302, response.context["form"].errors
    case.refresh_from_db()
    assert case.events.last().action == action
    if action in (Action.RESOLVE, Action.ADD_PHOTO, Action.ARRIVE, Action.REPORT_PART):
        assert case.attachments.count() == 1


@pytest.mark.parametrize("status", Status.values)
def test_page_and_policy_agree_on_who_may(world, status):
    case = case_in(world, status)
    for name in PEOPLE:
        user = getattr(world, name)
        browser = signed_in(user)
        seen = Grievance.objects.visible_to(fresh(user)).filter(pk=case.pk).exists()
        for action in FIELDS:
            decision = decide(fresh(user), action, case, at=NOON)
            expected = 200 if decision else 403 if (Status(status), action) in TABLE else 409
            response = browser.get(path(case, action))
            assert response.status_code == (expected if seen else 404), (name, action)
            if seen and not decision:
                assert escape(decision.reason) in response.content.decode()


def test_refused_posts_change_nothing(world):
    case = case_in(world, Status.IN_PROGRESS)
    before = case.events.count()
    expected = {"chief": 403, "official": 403, "second_handler": 404, "second_chief": 404}
    for person, status in expected.items():
        assert send(getattr(world, person), case, "resolve", {"result": "冒充"}).status_code == status
    for person in world.others.values():
        for action in FIELDS:
            assert send(person, case, action, given(world, action)).status_code == 404
    case.refresh_from_db()
    assert case.events.count() == before
    assert case.status == Status.IN_PROGRESS


def test_steps_that_are_nobodys_have_no_page(world):
    case = file_case(world)
    for action in ("escalate", "rate_later", "discover", "contact2", "x" * 300):
        assert signed_in(world.street).get(path(case, action)).status_code == 404
        assert send(world.street, case, action, {}).status_code == 404


def test_strangers_sign_in_first(client, world):
    case = file_case(world)
    assert client.post(path(case, "comment"), {"version": 1, "note": "x"}).status_code == 302
    assert not case.events.filter(action="comment").exists()


_MISTAKES = (
    ("assign", {}, "agency"),
    ("assign", {"agency": "999999"}, "agency"),
    ("assign", {"agency": "99999999999999999999999"}, "agency"),
    ("assign", {"agency": "x\x00"}, "agency"),
    ("assign", {"agency": "ours", "co_agencies": ["999999"]}, "co_agencies"),
    ("assign", {"agency": "other"}, "agency"),
    ("assign", {"agency": "ours", "co_agencies": "other"}, "co_agencies"),
    ("assign", {"agency": "ours", "note": "有\x00字节"}, "note"),
    ("assign", {"agency": "ours", "note": "长" * 2001}, "note"),
    ("reject", {}, "reason"),
    ("reject", {"reason": "not_our_duty"}, "reason"),
    ("reject", {"reason": "a\x00b"}, "reason"),
    ("comment", {"note": "  "}, "note"),
    ("classify", {}, "category"),
    ("classify", {"category": "top"}, "category"),
    ("classify", {"category": "ours", "urgency": "9y"}, "urgency"),
    ("merge", {}, "into"),
    ("merge", {"into": "self"}, "into"),
    ("merge", {"into": "abc"}, "into"),
    ("merge", {"into": "9" * 40}, "into"),
    ("merge", {"into_number": "LJ20200101-00001"}, "into_number"),
    ("merge", {"into_number": "\x00"}, "into_number"),
    ("merge", {"into_number": "other"}, "into_number"),
    ("add_photo", {}, "photos"),
    ("add_photo", {"photos": ["text"]}, "photos"),
    ("add_photo", {"photos": ["many"] * 10}, "photos"),
)


def test_mistakes_are_named_and_nothing_typed_is_lost(world):
    case = file_case(world)
    elsewhere = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    others_agency = world.others["handler"].posts.get().agency
    top = Category.objects.filter(parent=None).first()
    for action, data, field in _MISTAKES:
        stands_for = {
            "ours": category().pk if action == "classify" else world.agency.pk,
            "other": elsewhere.number if action == "merge" else others_agency.pk,
            "top": top.pk,
            "self": case.pk,
        }
        sent = {name: stands_for.get(value, value) if isinstance(value, str) else value for name, value in data.items()}
        if "photos" in data:
            words = SimpleUploadedFile("notes.jpg", b"words")
            sent["photos"] = [words if one == "text" else photo() for one in data["photos"]]
        response = send(world.street, case, action, {"note": "留着这句话", **sent})
        assert response.status_code == 400, (action, data)
        assert field in response.context["form"].errors, (action, data)
        if "note" not in data:
            assert "留着这句话" in response.content.decode(), (action, data)
    case.refresh_from_db()
    assert case.version == 1


_LATER_MISTAKES = (
    ("ask_extension", {"days": "0", "reason": "hard_case"}, "days"),
    ("ask_extension", {"days": "31", "reason": "hard_case"}, "days"),
    ("ask_extension", {"days": "9" * 30, "reason": "hard_case"}, "days"),
    ("ask_extension", {"days": "三", "reason": "hard_case"}, "days"),
    ("ask_extension", {"days": "3", "reason": "waiting_for_funds"}, "reason"),
    ("resolve", {"result": " "}, "result"),
    ("ask_suspension", {"reason": "waiting_for_funds", "review_on": "2026-03-04"}, "review_on"),
    ("ask_suspension", {"reason": "waiting_for_funds", "review_on": "1900-01-01"}, "review_on"),
    ("ask_suspension", {"reason": "waiting_for_funds", "review_on": "9999-12-31"}, "review_on"),
    ("ask_suspension", {"reason": "waiting_for_funds", "review_on": "2026-02-30"}, "review_on"),
    ("ask_suspension", {"reason": "waiting_for_funds"}, "review_on"),
)


def test_mistakes_while_it_is_worked_on(world):
    case = case_in(world, Status.IN_PROGRESS)
    for action, data, field in _LATER_MISTAKES:
        response = send(world.handler, case, action, data)
        assert response.status_code == 400, (action, data)
        assert field in response.context["form"].errors, (action, data)
    case.refresh_from_db()
    assert not case.suspended
    assert case.status == Status.IN_PROGRESS


@pytest.mark.parametrize("data", [{}, {"rating": "6", "said_resolved": "yes"}, {"rating": "5", "said_resolved": "?"}])
def test_feedback_needs_one_of_the_answers(world, data):
    response = send(world.chief, case_in(world, Status.RESOLVED), "feedback", data)
    assert response.status_code == 400


def test_a_photo_that_is_none_keeps_the_words(world):
    case = case_in(world, Status.IN_PROGRESS)
    bad = SimpleUploadedFile("notes.jpg", b"only words", content_type="image/jpeg")
    response = send(world.handler, case, "resolve", {"result": "已更换灯泡", "photos": [bad]})
    assert response.status_code == 400
    page = response.content.decode()
    assert "notes.jpg" in page
    assert "已更换灯泡" in page
    assert "请重新选一次照片" in page


def test_who_comes_second_sees_what_changed_keeps_the_text_and_may_send_again(world):
    case = file_case(world)
    do(world, case, "comment", world.community, note="我先打过电话了")
    response = send(world.street, case, "assign", {"agency": world.agency.pk, "note": "请今天去看"})
    assert response.status_code == 409
    page = response.content.decode()
    assert "我先打过电话了" in page
    assert "请今天去看" in page
    assert [entry.note for entry in response.context["changes"]] == ["我先打过电话了"]
    assert not case.assignments.exists()
    again = {name: response.context["form"][name].value() for name in ("version", "agency", "note")}
    assert signed_in(world.street).post(path(case, "assign"), again).status_code == 302
    assert case.assignments.get().agency == world.agency


def test_who_comes_second_to_a_step_that_is_gone_keeps_the_text(world):
    case = file_case(world)
    do(world, case, "assign", world.community)
    response = send(world.street, case, "assign", {"agency": world.agency.pk, "note": "请今天去看"})
    assert response.status_code == 409
    page = response.content.decode()
    assert "请今天去看" in page
    assert "交给花戏楼城管中队" in page
    assert "<textarea" not in page


def test_a_version_that_never_was_is_treated_as_stale(world):
    case = file_case(world)
    browser = signed_in(world.street)
    for version in ("", "x", "0", "-1", "99", "9" * 50, "\x00"):
        response = browser.post(path(case, "comment"), {"version": version, "note": "留着"})
        assert response.status_code == 409, version
        assert "留着" in response.content.decode()
    assert not case.events.filter(action="comment").exists()


def test_a_change_between_look_and_lock_is_stale_too(world, monkeypatch):
    case = file_case(world)

    def overtaken(**_given):
        raise StaleVersion(current=2)

    monkeypatch.setitem(verbs.VERBS, Action.COMMENT, overtaken)
    response = send(world.street, case, "comment", {"note": "留着"})
    assert response.status_code == 409
    assert "留着" in response.content.decode()


def test_sending_twice_acts_once(world):
    case = file_case(world)
    browser = signed_in(world.street)
    data = {"version": case.version, "agency": world.agency.pk}
    assert browser.post(path(case, "assign"), data).status_code == 302
    assert browser.post(path(case, "assign"), data).status_code == 409
    assert case.assignments.count() == 1


def test_back_to_the_case_with_a_word_of_what_happened(world):
    case = file_case(world)
    response = signed_in(world.street).post(
        path(case, "assign"), {"version": case.version, "agency": world.agency.pk}, follow=True
    )
    assert response.redirect_chain == [(f"/cases/{case.number}/", 302)]
    assert "交给花戏楼城管中队" in response.content.decode()


def test_who_hands_a_case_back_goes_to_the_inbox_for_it_is_no_longer_theirs(world):
    case = case_in(world, Status.ASSIGNED)
    response = send(world.handler, case, "return", {"reason": "not_our_duty"})
    assert (response.status_code, response.url) == (302, "/cases/inbox/")
    assert signed_in(world.handler).get("/cases/inbox/").status_code == 200


# What the forms offer


def options(response, name: str) -> list[str]:
    flat = []
    for value, label in response.context["form"].fields[name].choices:
        flat += [str(pair[1]) for pair in label] if isinstance(label, (list, tuple)) else [str(label)] if value else []
    return flat


def test_agencies_offered_serve_the_place_the_usual_ones_first(world):
    kind = category()
    kind.agency_kind, kind.default_agency = "partner", None
    kind.save()
    response = signed_in(world.street).get(path(file_case(world, category=kind), "assign"))
    assert [name.split("（")[0] for name in options(response, "agency")] == ["花戏楼供水站", "花戏楼城管中队"]
    kind.default_agency = world.agency
    kind.save()
    response = signed_in(world.street).get(path(file_case(world, category=kind), "assign"))
    assert options(response, "agency")[0].startswith("花戏楼城管中队")
    assert response.context["form"].fields["agency"].initial is None


def test_a_reassigned_case_is_not_offered_to_who_has_it(world):
    response = signed_in(world.street).get(path(case_in(world, Status.ASSIGNED), "reassign"))
    assert [name.split("（")[0] for name in options(response, "agency")] == ["花戏楼供水站"]


def test_passing_down_offers_led_units_on_the_way_with_their_people(world):
    case = file_case(world)
    for leader in ("group_leader", "zone_leader", "community"):
        case = do(world, case, "refer_up", getattr(world, leader))
    response = signed_in(world.street).get(path(case, "refer_down"))
    assert options(response, "unit") == [
        "花戏社区：community",
        "第一片：zone_leader",
        "第一组：group_leader",
        "第一邻：chief",
    ]


def test_joining_offers_alike_open_cases_in_sight_and_takes_a_number(world):
    case = file_case(world, description="三楼的路灯坏了")
    alike = file_case(world, description="三楼路灯坏了好几天")
    file_case(world, description="自来水发黄", by=world.second_chief, unit=world.units["second_neighbourhood"])
    ended = file_case(world, description="三楼的路灯坏了")
    do(world, ended, "withdraw", world.chief)
    file_case(world, description="三楼的路灯坏了", by=world.others["chief"], unit=world.units["other_neighbourhood"])
    response = signed_in(world.street).get(path(case, "merge"))
    assert options(response, "into")[0] == f"{alike.number} 三楼路灯坏了好几天"
    assert all(ended.number not in name for name in options(response, "into"))
    assert send(world.street, case, "merge", {"into_number": f" {alike.number.lower()} "}).status_code == 302
    case.refresh_from_db()
    assert case.merged_into == alike


def test_a_day_of_review_may_be_tomorrow_and_a_year_away_at_most(world):
    case = case_in(world, Status.IN_PROGRESS)
    field = signed_in(world.street).get(path(case, "ask_suspension")).context["form"].fields["review_on"]
    assert field.widget.attrs["min"] == (NOON.date() + timedelta(days=1)).isoformat()
    assert field.widget.attrs["max"] < "2027-04-01"

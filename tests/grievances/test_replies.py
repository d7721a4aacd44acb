"""Reply templates: what they may say, whose they are, which are offered, and that nothing typed is lost."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from grievances import replies
from grievances.choices import Action, Status
from grievances.models import ReplyTemplate
from grievances.services.replies import facts_of, replies_for, save_reply
from linjiang.common.errors import InvalidInput
from orgs.choices import Role
from tests.factories import NOON, World, category, file_case, fresh, make_post, make_world
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import case_in, do

pytestmark = pytest.mark.django_db
LIST = "admin:grievances_replytemplate_changelist"
ADD = "admin:grievances_replytemplate_add"
CHANGE = "admin:grievances_replytemplate_change"


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def world() -> World:
    made = make_world()
    for role in (Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN):
        made.users[role] = make_post(role, unit=made.units["city"]).user
    ReplyTemplate.objects.all().delete()
    return made


def template(world: World, text: str = "{编号}已处理", *, name: str = "模板", actions: str = "resolve", **fields):
    made = ReplyTemplate(name=name, text=text, actions=actions, **fields)
    return save_reply(actor=world.street, now=NOON, template=made)


def offered(world: World, action: str, case) -> list[tuple[str, str]]:
    found = replies_for(action=action, grievance=case, user=world.handler, now=NOON)
    return [(one.name, one.text) for one in found]


# The text


def test_known_placeholders_are_filled_and_missing_ones_become_a_dash():
    values = {"编号": lambda: "LJ1", "地点": lambda: "", "期限": lambda: None}
    assert replies.filled("{编号}在{地点}，{期限}前，{街道}", values) == "LJ1在—，—前，—"


def test_what_a_fact_says_is_not_read_again():
    assert replies.filled("{标题}{编号}", {"标题": lambda: "{编号}", "编号": lambda: "LJ1"}) == "{编号}LJ1"


@pytest.mark.parametrize(
    "text",
    ["{编号.__class__}", "{0}", "{}", "{编号!r}", "{编号:>9}", "{grievance}", "{编号", "编号}", "{{编号}}", "{ 编号 }"],
)
def test_anything_else_in_braces_is_refused_and_never_run(world, text):
    assert replies.problems(text)
    with pytest.raises(InvalidInput) as refusal:
        template(world, text)
    assert list(refusal.value.errors) == ["text"]
    assert not ReplyTemplate.objects.exists()


def test_the_refusal_names_the_wrong_one_and_the_known_ones():
    [words] = replies.problems("{编号}{电话}")
    assert "{电话}" in words
    assert all(f"{{{name}}}" in words for name in replies.NAMES)


def test_steps_without_words_have_no_template(world):
    for actions in ("", "merge", "resolve,escalate"):
        with pytest.raises(InvalidInput) as refusal:
            template(world, actions=actions)
        assert list(refusal.value.errors) == ["actions"]


def test_every_placeholder_has_a_fact(world):
    case = case_in(world, Status.IN_PROGRESS)
    assert set(facts_of(case, user=world.handler, now=NOON)) == set(replies.NAMES)
    template(world, "".join(f"[{{{name}}}]" for name in replies.NAMES), actions="comment")
    case = do(world, case, Action.ADD_CO_HANDLER, world.community)
    [(_name, text)] = offered(world, Action.COMMENT, case)
    for words in (
        case.number,
        case.title,
        "花戏楼街道",
        "花戏社区",
        world.agency.name,
        world.second_agency.name,
        "承办人",
    ):
        assert f"[{words}]" in text
    assert "[第一邻]" in text
    assert "[—]" in text  # no result yet
    case.place, case.household = "三楼拐角", world.household
    assert facts_of(case, user=world.handler, now=NOON)["地点"]() == "三楼拐角"
    case.place = ""
    assert facts_of(case, user=world.handler, now=NOON)["地点"]() == "第一邻 1栋1单元101"


def test_every_field_of_a_step_is_one_its_form_has():
    from grievances.services.verbs import FIELDS

    for action, name in replies.FIELD_OF.items():
        assert name in FIELDS[action]


# Which are offered


def test_the_narrowest_category_comes_first_then_the_nearest_unit(world):
    kind = category()
    template(world, "一", name="全市")
    template(world, "二", name="街道", unit=world.units["street"])
    template(world, "三", name="大类", category=kind.parent)
    template(world, "四", name="小类", category=kind)
    case = file_case(world, category=kind)
    assert [name for name, _text in offered(world, Action.RESOLVE, case)] == ["小类", "大类", "街道", "全市"]
    plain = file_case(world)
    assert [name for name, _text in offered(world, Action.RESOLVE, plain)] == ["街道", "全市"]


def test_others_places_steps_and_kinds_are_not_offered(world):
    kind = category()
    template(world, name="别街", unit=world.units["other_street"])
    template(world, name="别的环节", actions="comment,resolve_on_spot")
    template(world, name="停用", is_active=False)
    template(
        world, name="别类", category=type(kind).objects.filter(parent__isnull=True).exclude(pk=kind.parent_id).first()
    )
    assert offered(world, Action.RESOLVE, file_case(world, category=kind)) == []
    assert offered(world, Action.MERGE, file_case(world)) == []


def test_the_shipped_ones_are_right(world):
    from grievances.services.defaults import load_shipped_defaults
    from orgs.services.system import system_user

    counts = load_shipped_defaults(actor=system_user())
    assert counts["replies"] == ReplyTemplate.objects.count() >= 12
    for one in ReplyTemplate.objects.all():
        assert replies.problems(one.text) == []
        assert one.unit is None
    assert load_shipped_defaults(actor=system_user())["replies"] == 0


# The picker


def test_a_step_offers_them_with_the_facts_of_the_case(world):
    made = template(world, "{编号}已由{承办单位}处理")
    case = case_in(world, Status.IN_PROGRESS)
    page = signed_in(world.handler).get(f"/cases/{case.number}/resolve/").content.decode()
    assert f'data-text="{case.number}已由{world.agency.name}处理"' in page
    assert f'<option value="{made.pk}"' in page
    assert "data-replies" not in signed_in(world.handler).get(f"/cases/{case.number}/add_photo/").content.decode()


@pytest.mark.parametrize("desk", [False, True])
def test_without_scripts_the_text_comes_back_in_the_form_and_nothing_typed_is_lost(world, desk):
    made = template(world, "请{承办单位}尽快", actions="assign")
    case = file_case(world)
    address = reverse("admin:grievances_step", args=[case.pk, "assign"]) if desk else f"/cases/{case.number}/assign/"
    data = {
        "version": case.version,
        "agency": world.second_agency.pk,
        "co_agencies": [world.agency.pk],
        "note": "先打电话",
        "reply": made.pk,
        "use_reply": "1",
    }
    response = signed_in(world.street).post(address, data)
    assert response.status_code == 200
    form = response.context["form"]
    assert form["note"].value() == "先打电话\n请第一组尽快"
    assert form["agency"].value() == str(world.second_agency.pk)
    assert form["co_agencies"].value() == [str(world.agency.pk)]
    assert form["version"].value() == str(case.version)
    assert not form.errors
    case.refresh_from_db()
    assert case.status == Status.REPORTED


def test_a_made_up_template_puts_nothing_in(world):
    elsewhere = template(world, "别街的话", actions="comment", unit=world.units["other_street"])
    case = file_case(world)
    for key in ("", "x", "999999", elsewhere.pk):
        data = {"version": case.version, "note": "原话", "reply": key, "use_reply": "1"}
        response = signed_in(world.street).post(f"/cases/{case.number}/comment/", data)
        assert response.status_code == 200
        assert response.context["form"]["note"].value() == "原话"


def test_who_may_not_take_the_step_gets_no_template(world):
    made = template(world, actions="resolve")
    case = case_in(world, Status.IN_PROGRESS)
    data = {"version": case.version, "result": "", "reply": made.pk, "use_reply": "1"}
    assert signed_in(world.chief).post(f"/cases/{case.number}/resolve/", data).status_code == 403


# The desk


def given(**fields) -> dict:
    return {
        "name": "新模板",
        "actions": ["resolve", "comment"],
        "category": "",
        "unit": "",
        "text": "{编号}已办",
        "position": "0",
        "is_active": "on",
    } | fields


def test_staff_write_for_their_own_unit(world):
    browser = signed_in(world.community)
    refused = browser.post(reverse(ADD), given())
    assert refused.status_code == 400
    assert not ReplyTemplate.objects.exists()
    for other in ("other_community", "street"):
        assert browser.post(reverse(ADD), given(unit=world.units[other].pk)).status_code == 400
    assert browser.post(reverse(ADD), given(unit=world.units["community"].pk)).status_code == 302
    made = ReplyTemplate.objects.get()
    assert (made.unit, made.actions, made.changed_by) == (world.units["community"], "resolve,comment", world.community)
    assert browser.post(reverse(CHANGE, args=[made.pk]), given(unit=made.unit_id, name="改名")).status_code == 302
    made.refresh_from_db()
    assert made.name == "改名"


def test_wrong_placeholders_come_back_with_everything_typed(world):
    data = given(unit=world.units["street"].pk, text="{编号}请拨{电话}")
    refused = signed_in(world.street).post(reverse(ADD), data)
    assert refused.status_code == 400
    words = refused.content.decode()
    assert "{电话}" in words
    assert "{承办单位}" in words
    assert "请拨" in words
    assert signed_in(world.street).post(reverse(ADD), given(actions=["merge"])).status_code == 400


def test_who_sees_and_changes_which(world):
    whole = template(world, name="全市的")
    street = template(world, name="本街的", unit=world.units["street"])
    other = template(world, name="别街的", unit=world.units["other_street"])
    seen = {
        "street": {"全市的", "本街的"},
        "community": {"全市的", "本街的"},
        "supervisor": {"全市的", "本街的"},
        Role.SYSTEM_ADMIN: {"全市的", "本街的", "别街的"},
    }
    for name, names in seen.items():
        page = signed_in(world.users[name]).get(reverse(LIST))
        assert {one.name for one in page.context["cl"].result_list} == names, name
    changes = {
        "street": {street},
        "community": set(),
        "supervisor": set(),
        Role.SYSTEM_ADMIN: {whole, street, other},
    }
    for name, mine in changes.items():
        for one in (whole, street, other):
            data = given(name=one.name, unit=one.unit_id or "", actions=["resolve"])
            status = signed_in(world.users[name]).post(reverse(CHANGE, args=[one.pk]), data).status_code
            # Who may change none at all is told that first.
            expected = 302 if one in mine else 403 if one.name in seen[name] or name == "supervisor" else 404
            assert status == expected, (name, one.name)
    for name in (Role.AUDIT_ADMIN,):
        assert signed_in(world.users[name]).get(reverse(LIST)).status_code == 403
    assert signed_in(world.others["street"]).get(reverse(CHANGE, args=[street.pk])).status_code == 404
    assert signed_in(world.supervisor).get(reverse(CHANGE, args=[other.pk])).status_code == 404
    read = signed_in(world.supervisor).get(reverse(CHANGE, args=[street.pk]))
    assert read.status_code == 200
    assert "resolve" not in read.content.decode().split("<main")[-1].replace("resolve_", "")


def test_it_is_tried_on_a_real_case_in_scope(world):
    made = template(world, "{编号}在{社区}，结果{办理结果}")
    case = file_case(world)
    theirs = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    address = f"{reverse(LIST)}{made.pk}/preview/"
    browser = signed_in(world.street)
    newest = browser.get(address)
    assert newest.context["case"] == case
    assert newest.context["words"] == f"{case.number}在花戏社区，结果—"
    assert newest.context["missing"]
    assert browser.get(address, {"case": case.number.lower()}).context["case"] == case
    for number in (theirs.number, "x", "LJ\x00"):
        assert browser.get(address, {"case": number}).status_code == 400
    assert theirs.title not in browser.get(address).content.decode() or theirs.title == case.title
    assert signed_in(world.chief).get(address).status_code in (302, 403)
    hidden = template(world, unit=world.units["other_street"])
    assert browser.get(f"{reverse(LIST)}{hidden.pk}/preview/").status_code == 404


def test_offering_takes_few_statements_however_many(world, django_assert_max_num_queries):
    for number in range(15):
        template(world, "{编号}{地点}{社区}{街道}", name=f"第{number}个")
    case = file_case(world)
    with django_assert_max_num_queries(4):
        found = replies_for(action=Action.RESOLVE, grievance=case, user=fresh(world.handler), now=NOON + timedelta(0))
    assert len(found) == 15

"""Letters of a case: who has which, what they say, what they hide, and the Word file that comes of them."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from grievances.choices import Action, Status
from grievances.models import Grievance
from orgs.models import Contact, ContactReveal
from tests.factories import NOON, World, file_case, make_world
from tests.grievances.scenes import case_in, do

pytestmark = pytest.mark.django_db
PHONE = "13812345678"


@pytest.fixture
def world() -> World:
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        yield make_world()


def assigned(world, **fields) -> Grievance:
    fields.setdefault("contact_name", "王秀英")
    fields.setdefault("contact_phone", PHONE)
    case = file_case(world, household=world.household, **fields)
    return do(world, case, Action.ASSIGN, world.community, note="请先断电再修。")


def open_letter(client, user, case, kind, method="get", **query):
    client.force_login(user)
    url = reverse("letter", args=[case.number, kind])
    return client.post(url, query) if method == "post" else client.get(url, query)


def words_of(answer) -> str:
    document = Document(io.BytesIO(answer.content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(line.text for line in document.paragraphs), *cells])


# Who has which


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("community", 200), ("street", 200), ("supervisor", 200), ("handler", 200),
        ("chief", 403), ("group_leader", 403), ("official", 403), ("operator", 403),
        ("second_chief", 404), ("second_handler", 404),
    ],
)  # fmt: skip
def test_the_assignment_is_for_those_who_give_watch_or_handle_it(world, client, who, status):
    case = assigned(world)
    assert open_letter(client, world.users[who], case, "assignment").status_code == status


def test_another_street_does_not_find_the_letter(world, client):
    case = assigned(world)
    for who in ("street", "chief", "handler", "official"):
        assert open_letter(client, world.others[who], case, "assignment").status_code == 404


def test_a_letter_there_is_none_of_is_not_found(world, client):
    assert open_letter(client, world.street, assigned(world), "invoice").status_code == 404


@pytest.mark.parametrize(
    ("status", "kind"),
    [(Status.REPORTED, "assignment"), (Status.IN_PROGRESS, "supervision"), (Status.IN_PROGRESS, "reply")],
)
def test_before_there_is_anything_to_write_it_is_refused_with_the_reason(world, client, status, kind):
    answer = open_letter(client, world.street, case_in(world, status), kind)
    assert answer.status_code == 409


def test_the_case_page_offers_what_is_there_and_nothing_else(world, client):
    reported, given = file_case(world), assigned(world)
    client.force_login(world.community)
    assert b"letters/" not in client.get(reverse("case", args=[reported.number])).content
    page = client.get(reverse("case", args=[given.number])).content.decode()
    assert reverse("letter", args=[given.number, "assignment"]) in page
    assert reverse("letter", args=[given.number, "reply"]) not in page
    desk = client.get(reverse("admin:grievances_grievance_change", args=[given.pk])).content.decode()
    assert f"{reverse('letter', args=[given.number, 'assignment'])}?from=desk" in desk
    client.force_login(world.chief)
    assert b"letters/" not in client.get(reverse("case", args=[given.number])).content


# What they hide


def test_the_phone_number_and_numbers_in_the_words_are_masked(world, client):
    case = assigned(world, description=f"路灯坏了，找老王 {PHONE}，身份证341602195001011234。")
    for answer in (
        open_letter(client, world.handler, case, "assignment"),
        open_letter(client, world.handler, case, "assignment", **{"as": "word"}),
    ):
        text = words_of(answer) if "wordprocessing" in answer["Content-Type"] else answer.content.decode()
        assert PHONE not in text
        assert "341602195001011234" not in text
        assert "138****5678" in text
        assert "王秀英" not in text
    assert not ContactReveal.objects.exists()


def test_taken_with_the_number_it_holds_it_and_that_is_on_record(world, client):
    case = assigned(world)
    answer = open_letter(client, world.handler, case, "assignment", method="post", **{"as": "word"})
    assert PHONE in words_of(answer)
    reveal = ContactReveal.objects.get()
    assert (reveal.user, reveal.about, reveal.contact.phone) == (world.handler, case.number, PHONE)
    assert open_letter(client, world.handler, case, "assignment").content.decode().count(PHONE) == 0


def test_who_may_not_see_the_number_does_not_get_it_in_a_letter(world, client):
    case = assigned(world)
    assert open_letter(client, world.supervisor, case, "assignment", method="post").status_code == 403
    assert not ContactReveal.objects.exists()


def test_other_letters_give_no_number_away(world, client):
    case = assigned(world)
    do(world, case, Action.YELLOW_CARD, world.supervisor)
    assert open_letter(client, world.handler, case, "supervision", method="post").status_code == 404
    assert not ContactReveal.objects.exists()


# What they say


def test_the_word_file_is_laid_out_as_the_standard_says(world, client):
    answer = open_letter(client, world.community, assigned(world), "assignment", **{"as": "word"})
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "no-store" in answer["Cache-Control"]
    document = Document(io.BytesIO(answer.content))
    section = document.sections[0]
    assert [round(side / Mm(1)) for side in (section.page_width, section.page_height)] == [210, 297]
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(side / Mm(1)) for side in margins] == [37, 35, 28, 26]
    normal = document.styles["Normal"]
    assert normal.font.size == Pt(16)
    assert Pt(28) <= normal.paragraph_format.line_spacing <= Pt(29)
    assert normal.element.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia")) == "仿宋_GB2312"
    titles = [
        run.font.size
        for line in document.paragraphs
        for run in line.runs
        if run._r.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia")) == "方正小标宋简体"
    ]
    assert Pt(22) in titles
    for footer in (section.footer, section.even_page_footer):
        xml = footer.paragraphs[0]._p.xml
        assert "PAGE" in xml
        assert "— " in xml


def test_the_assignment_says_to_whom_by_when_and_what_is_asked(world, client):
    case = assigned(world)
    text = words_of(open_letter(client, world.community, case, "assignment", **{"as": "word"}))
    for part in (
        case.number,
        "花戏楼城管中队",
        "花戏楼街道花戏社区",
        "请先断电再修。",
        "1栋1单元101",
        case.description,
    ):
        assert part in text, part
    assert "2026" in text


def test_what_would_break_a_document_is_left_out(world, client):
    case = assigned(world)
    Grievance.objects.filter(pk=case.pk).update(description="灯\x08坏了\x1b。\n=1+1")
    text = words_of(open_letter(client, world.community, case, "assignment", **{"as": "word"}))
    assert "灯坏了。" in text


def test_the_supervision_letter_is_about_the_card_asked_for(world, client):
    case = assigned(world)
    do(world, case, Action.YELLOW_CARD, world.supervisor, note="两天没有人到场")
    yellow = case.escalations.get()
    case = Grievance.objects.get(pk=case.pk)
    do(world, case, Action.RED_CARD, world.supervisor, note="仍没有人到场")
    newest = words_of(open_letter(client, world.supervisor, case, "supervision", **{"as": "word"}))
    assert "仍没有人到场" in newest
    first = words_of(open_letter(client, world.supervisor, case, "supervision", card=yellow.pk, **{"as": "word"}))
    assert "两天没有人到场" in first
    assert "仍没有人到场" not in first
    assert open_letter(client, world.supervisor, case, "supervision", card=yellow.pk + 999).status_code == 404


def test_a_withdrawn_card_has_no_letter(world, client):
    case = do(world, assigned(world), Action.YELLOW_CARD, world.supervisor)
    do(world, Grievance.objects.get(pk=case.pk), Action.WITHDRAW_CARD, world.supervisor, note="发错了")
    assert open_letter(client, world.supervisor, case, "supervision").status_code == 409


def test_the_reply_says_what_was_done_and_calls_the_household_by_its_door(world, client):
    case = assigned(world, description=f"路灯坏了，电话{PHONE}")
    case = do(world, case, Action.ACKNOWLEDGE, world.handler)
    case = do(world, case, Action.RESOLVE, world.handler, result="换了两只灯泡。")
    text = words_of(open_letter(client, world.chief, case, "reply", **{"as": "word"}))
    for part in ("换了两只灯泡。", "1栋1单元101", "花戏楼城管中队"):
        assert part in text, part
    for part in (PHONE, "王秀英", case.token):
        assert part not in text, part


def test_a_letter_for_print_costs_few_statements(world, client, django_assert_max_num_queries):
    case = assigned(world)
    client.force_login(world.community)
    url = reverse("letter", args=[case.number, "assignment"])
    client.get(url)
    with django_assert_max_num_queries(15):
        client.get(url)


def test_a_contact_without_a_number_offers_none(world, client):
    case = assigned(world)
    Contact.objects.filter(pk=case.contact_id).update(phone="")
    page = open_letter(client, world.handler, case, "assignment").content.decode()
    assert 'value="word"' not in page

"""Template tags and components of the one look."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import translation

from grievances.stages import Pressing
from linjiang.common.templatetags import lj

NOW = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)  # 14:05 in Shanghai
ZH = "zh-hans"


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def render(source: str, **context: object) -> str:
    return Template("{% load lj %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("language", "moment", "expected"),
    [
        (ZH, NOW, "11月22日 14:05"),
        ("en", NOW, "22 Nov 14:05"),
        (ZH, datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025年12月31日 23:59"),
        (ZH, datetime(2025, 12, 31, 16, 0, tzinfo=UTC), "1月1日 00:00"),
        ("en", datetime(2025, 3, 4, 0, 0, tzinfo=UTC), "4 Mar 2025 08:00"),
        (ZH, None, ""),
        (ZH, "yesterday", ""),
    ],
)
def test_cn_datetime_is_in_the_citys_time(language, moment, expected):
    with translation.override(language):
        assert lj.cn_datetime(moment) == expected


@pytest.mark.parametrize(
    ("language", "day", "expected"),
    [
        (ZH, date(2026, 11, 2), "11月2日"),
        (ZH, date(2025, 11, 2), "2025年11月2日"),
        ("en", date(2026, 11, 2), "2 Nov"),
        (ZH, datetime(2026, 11, 21, 17, 0, tzinfo=UTC), "11月22日"),
        (ZH, None, ""),
    ],
)
def test_cn_date(language, day, expected):
    with translation.override(language):
        assert lj.cn_date(day) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.9904, "99.04 %"),
        (206000 / 208000, "99.04 %"),
        (Decimal("0.5"), "50.00 %"),
        (1, "100.00 %"),
        (0, "0.00 %"),
        (0.999999, "99.99 %"),
        (0.000001, "0.01 %"),
        (None, "—"),
        ("", "—"),
    ],
)
def test_rate_never_rounds_to_all_or_nothing(value, expected):
    assert lj.rate(value) == expected


@pytest.mark.parametrize(
    ("language", "hours", "expected"),
    [
        (ZH, 0.5, "30 分钟"),
        (ZH, 5.5, "5.5 小时"),
        (ZH, 47, "47 小时"),
        (ZH, 55.2, "2.3 天"),
        (ZH, 240, "10 天"),
        ("en", 1 / 60, "1 minute"),
        ("en", 3, "3 hours"),
        (ZH, None, "—"),
        (ZH, 0, "0 分钟"),
    ],
)
def test_duration_hours(language, hours, expected):
    with translation.override(language):
        assert lj.duration_hours(hours) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("13812345678", "138****5678"),
        ("05585551234", "055****1234"),
        ("12345", "***45"),
        ("", ""),
        (None, ""),
        ("12", "**"),
    ],
)
def test_mask_phone(number, expected):
    assert lj.mask_phone(number) == expected


def test_thousands():
    assert lj.thousands(208000) == "208,000"
    assert lj.thousands(0) == "0"
    assert lj.thousands(None) == "—"


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("DISCOVERED", "current todo todo todo todo"),
        ("ASSIGNED", "done done current todo todo"),
        ("RESOLVED", "done done done done current"),
        ("CLOSED", "done done done done done"),
        ("REJECTED", "done done todo todo todo"),
    ],
)
def test_steps_for(status, states):
    assert [step["state"] for step in lj.steps_for(status)] == states.split()


def test_icon_is_decoration_unless_titled():
    assert 'aria-hidden="true"' in lj.icon("house")
    titled = lj.icon("bell", "lg", 'a "b" <c>')
    assert 'role="img"' in titled
    assert "icon--lg" in titled
    assert "<c>" not in titled


def test_every_icon_named_in_templates_and_code_is_in_the_sprite():
    root = Path(settings.BASE_DIR)
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (root / "static/icons/lucide.svg").read_text()))
    used = set(lj.STATUS_ICONS.values())
    for path in (root / "templates").rglob("*.html"):
        text = path.read_text()
        used |= set(re.findall(r'{% icon "([\w-]+)"', text))
        for names in re.findall(r'icons="([\w -]+)"', text):
            used |= set(names.split())
    assert used - sprite == set()
    assert len(used) > 20


# Form fields


class Sample(forms.Form):
    text = forms.CharField(label="What", help_text="One sentence.")
    score = forms.ChoiceField(label="Score", choices=[("1", "Good"), ("2", "Bad")], widget=forms.RadioSelect)
    solved = forms.BooleanField(label="Solved", required=False, help_text="On the spot.")
    photo = forms.FileField(required=False, widget=forms.ClearableFileInput(attrs={"accept": "image/*"}))
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_field_ties_help_and_error_to_the_control():
    html = render("{% field form.text %}", form=Sample({"text": ""}))
    described = re.search(r'<input[^>]*aria-describedby="([^"]+)"', html).group(1).split()
    assert described == ["id_text_help", "id_text_error"]
    assert all(f'id="{name}"' in html for name in described)
    assert html.count("aria-describedby") == 1
    assert 'aria-invalid="true"' in html
    assert '<label class="field__label" for="id_text">' in html


def test_a_good_field_is_not_marked_invalid_and_keeps_what_was_typed():
    html = render("{% field form.text %}", form=Sample({"text": '<b>"x"</b>'}))
    assert "aria-invalid" not in html
    assert "&lt;b&gt;&quot;x&quot;&lt;/b&gt;" in html


def test_radio_field_is_a_named_group_of_labelled_buttons():
    html = render('{% field form.score icons="smile frown" %}', form=Sample({"score": "9"}))
    assert 'role="radiogroup"' in html
    assert 'aria-describedby="id_score_error"' in html
    assert 'for="id_score_0"' in html
    assert "#smile" in html
    assert "#frown" in html
    assert html.count('type="radio"') == 2


def test_tick_file_and_hidden_fields():
    form = Sample()
    tick = render("{% field form.solved %}", form=form)
    assert 'aria-describedby="id_solved_help"' in tick
    assert 'type="checkbox"' in tick
    photo = render("{% field form.photo %}", form=form)
    assert "#camera" in photo
    assert 'type="file"' in photo
    hidden = render("{% field form.token %}", form=form)
    assert "label" not in hidden
    assert 'type="hidden"' in hidden


# Components and error pages


def test_card_of_an_overdue_case_says_so_in_words_and_a_closed_one_has_no_deadline():
    case = {
        "number": "LJ20261122-00031",
        "title": "<灯坏了>",
        "status": "ASSIGNED",
        "get_status_display": "已交办",
        "unit_name": "第三邻",
        "clock": Pressing("交办", "超期 2 天", "over", "circle-alert"),
        "get_absolute_url": "/c/1",
    }
    with translation.override(ZH):
        html = render_to_string("components/case_card.html", {"case": case, "now": NOW})
        closed = render_to_string(
            "components/case_card.html", {"case": {**case, "status": "CLOSED", "clock": None}, "now": NOW}
        )
    assert ">交办</span>超期 2 天" in html
    assert "&lt;灯坏了&gt;" in html
    assert "超期" not in closed


def test_figure_shows_its_parts_only_where_there_are_any():
    whole = {"label": "办结率", "value": "99.04 %", "numerator": 206000, "denominator": 208000}
    assert "206,000 / 208,000" in render_to_string("components/figure.html", whole)
    assert "0 / 0" in render_to_string("components/figure.html", {**whole, "numerator": 0, "denominator": 0})
    assert "figure__parts" not in render_to_string("components/figure.html", {"label": "受理量", "value": "5"})


def test_action_bar_gives_the_reason_instead_of_a_button():
    actions = [{"label": "Assign", "name": "action", "value": "assign"}, {"label": "Close", "reason": "Not yet."}]
    html = render_to_string("components/action_bar.html", {"actions": actions})
    assert 'name="action" value="assign"' in html
    assert html.count("<button") == 1
    assert "Not yet." in html


@pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "409", "429", "500"])
@pytest.mark.parametrize("language", [ZH, "en"])
def test_error_pages_need_no_context_and_say_what_to_do(page, language):
    with translation.override(language):
        html = render_to_string(f"{page}.html")
    assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in html
    assert 'class="error__text"' in html
    assert page.split("_")[0] in html


def test_templates_hold_no_inline_style_or_script():
    root = Path(settings.BASE_DIR) / "templates"
    found = [
        path.name
        for path in [*root.glob("*.html"), *(root / "components").glob("*.html")]
        if re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=", path.read_text())
    ]
    assert found == []

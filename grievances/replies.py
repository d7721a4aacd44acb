"""Placeholders of reply templates: which there are, whether a text uses them rightly, and filling it in. Pure.

A placeholder is a known name in braces, nothing else: no attribute, index or format can be asked for.
"""

import re
from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from grievances.choices import Action

# What a template may name, in the order the editor lists it.
NAMES = (
    "编号",
    "标题",
    "地点",
    "分类",
    "街道",
    "社区",
    "承办单位",
    "协办单位",
    "期限",
    "反映时间",
    "办理结果",
    "经办人",
    "今天",
)
MISSING = "—"
LENGTH = 1000
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# Steps that are written about again and again, with the field a template fills.
FIELD_OF: dict[str, str] = {
    Action.RESOLVE: "result",
    Action.RESOLVE_ON_SPOT: "result",
    Action.ASSIGN: "note",
    Action.REASSIGN: "note",
    Action.REFER_UP: "note",
    Action.REFER_DOWN: "note",
    Action.REJECT: "note",
    Action.RETURN: "note",
    Action.ASK_EXTENSION: "note",
    Action.REFUSE_EXTENSION: "note",
    Action.ASK_SUSPENSION: "note",
    Action.RECORD_CALLBACK: "note",
    Action.CLOSE_UNANSWERED: "note",
    Action.COMMENT: "note",
    Action.INTERNAL_NOTE: "note",
    Action.URGE: "note",
    Action.YELLOW_CARD: "note",
    Action.RED_CARD: "note",
    Action.ANSWER_CARD: "note",
    Action.BLOW_WHISTLE: "note",
    Action.RECORD_JOINT: "note",
    Action.REPORT_PART: "note",
}


def problems(text: str) -> list[str]:
    """Return what is wrong with a template's text, in words; nothing when it can be filled in."""
    found = []
    unknown = [name for name in dict.fromkeys(_PLACEHOLDER.findall(text)) if name not in NAMES]
    if unknown:
        known = _(", ").join(f"{{{name}}}" for name in NAMES)
        named = _(", ").join(f"{{{name}}}" for name in unknown)
        found.append(_("There is no placeholder %(named)s. Known are: %(known)s.") % {"named": named, "known": known})
    if set("{}") & set(_PLACEHOLDER.sub("", text)):
        found.append(_("A brace stands alone. A placeholder is written as {编号}."))
    return found


def used(text: str) -> set[str]:
    """Return the known placeholders of the text."""
    return set(_PLACEHOLDER.findall(text)) & set(NAMES)


def filled(text: str, values: Mapping[str, Callable[[], object]]) -> str:
    """Return the text with every known placeholder replaced; what has no value is "—", the rest stays as it is."""

    def put(found: re.Match) -> str:
        name = found[1]
        if name not in NAMES:
            return found[0]
        value = values[name]() if name in values else None
        return str(value) if value not in (None, "") else MISSING

    return _PLACEHOLDER.sub(put, text)

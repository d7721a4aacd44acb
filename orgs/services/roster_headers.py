"""Finding a roster's columns by their headers, in the words that offices use for them."""

import re
from dataclasses import dataclass

from linjiang.common.text import clean
from orgs.choices import Level, Role
from orgs.profile import CityProfile, profile

# Title rows, dates and units stand above a header; nobody puts twenty of them there.
HEADER_SEARCH_ROWS = 20
_ENOUGH_TO_BE_A_HEADER = 3

PLACES = ("district", "street", "community", "zone", "group")
PEOPLE = ("zone_leader", "group_leader", "chief")
TITLES = {
    "district": "区县",
    "street": "街道",
    "community": "社区",
    "zone": "片",
    "zone_leader": "片长",
    "zone_leader_phone": "片长电话",
    "group": "组",
    "group_leader": "组长",
    "group_leader_phone": "组长电话",
    "neighbourhood": "邻",
    "chief": "邻长",
    "chief_phone": "邻长电话",
    "households": "户数",
}
_REQUIRED = ("street", "community", "zone", "group", "neighbourhood", "chief", "chief_phone")
_LEADERS = {"zone_leader": "zone_leader_phone", "group_leader": "group_leader_phone", "chief": "chief_phone"}

_PLACE_WORDS = {
    "district": ("区县", "县区", "区", "县", "区/县", "县/区", "区(县)", "县(区)"),
    "street": (
        "街道",
        "乡镇",
        "镇街",
        "街镇",
        "乡镇街道",
        "街道乡镇",
        "街道(乡镇)",
        "乡镇(街道)",
        "街道/乡镇",
        "镇(街道)",
        "街道(镇)",
    ),
    "community": (
        "社区",
        "村居",
        "村(社区)",
        "社区(村)",
        "村社区",
        "社区/村",
        "村/社区",
        "社区居委会",
        "村(居)",
        "居委会",
    ),
    "zone": ("片", "片区"),
    "group": ("组", "小组"),
    "neighbourhood": ("邻", "邻里"),
}
_PERSON_WORDS = {"zone_leader": ("片长", "片区长"), "group_leader": ("组长", "小组长"), "chief": ("邻长",)}
_PHONE_WORDS = (
    "电话",
    "电话号码",
    "手机",
    "手机号",
    "手机号码",
    "联系电话",
    "联系方式",
    "联系手机",
    "移动电话",
    "联系号码",
)
_HOUSEHOLD_WORDS = ("户数", "住户数", "总户数", "覆盖户数", "户数(户)", "家庭户数", "管辖户数", "联系户数", "包联户数")
_DECORATION = re.compile(r"\((?:必填|选填|可不填|required)\)|[\s*:：★]")


@dataclass(frozen=True)
class Header:
    """Where a sheet's columns stand. `row` is the header's (last) row from 0; `below` the first row under it."""

    row: int
    places: dict[str, int]
    labels: tuple[str, ...]

    @property
    def below(self) -> int:
        return self.row + 1

    @property
    def missing(self) -> tuple[str, ...]:
        """The needed columns that are not there."""
        return tuple(column for column in _REQUIRED if column not in self.places)

    def is_repeated(self, row: list) -> bool:
        """Say whether `row` is the header once more, as print-outs have it on every page."""
        return all(
            _label(row[place] if place < len(row) else "") == self.labels[place] for place in self.places.values()
        )


def find_header(rows: list[list]) -> Header | None:
    """Return the header among the first rows of a sheet, one row high or two; None where there is none."""
    known = _words(profile())
    best: Header | None = None
    for index, row in enumerate(rows[:HEADER_SEARCH_ROWS]):
        single = [_label(value) for value in row]
        double = _two_rows(rows[index - 1], single) if index else single
        for labels in (single, double):
            header = Header(index, _places(labels, known), tuple(single))
            if len(header.places) >= _ENOUGH_TO_BE_A_HEADER and (
                best is None or len(header.missing) < len(best.missing)
            ):
                best = header
    return best


def _label(value: object) -> str:
    return _DECORATION.sub("", clean(value))


def _two_rows(upper: list, lower: list[str]) -> list[str]:
    """Return the labels of a header two rows high: 片长 over 姓名 and 电话 gives 片长姓名, 片长电话."""
    labels = []
    for place, word in enumerate(lower):
        above = _label(upper[place]) if place < len(upper) else ""
        labels.append(word if word == above else above + word)
    return labels


def _places(labels: list[str], known: dict[str, str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, label in enumerate(labels):
        column = known.get(label)
        if column:
            places.setdefault(column, place)
    for person, phone in _LEADERS.items():
        # A bare 电话 says whose it is only when it stands right beside the name.
        beside = places.get(person, -2) + 1
        if phone not in places and 0 < beside < len(labels) and labels[beside] in _PHONE_WORDS:
            places[phone] = beside
    return places


def _words(city: CityProfile) -> dict[str, str]:
    """Return every known header and the column it means: the common words and the city's own."""
    words: dict[str, str] = {}
    for level, common in _PLACE_WORDS.items():
        for word in (*common, city.levels[Level(level)]["zh"]):
            for form in (word, f"{word}名称", f"{word}名", f"所属{word}", f"所在{word}"):
                words.setdefault(_label(form), level)
    for role, common in _PERSON_WORDS.items():
        for word in (*common, city.roles[Role(role)]["zh"]):
            for form in (word, f"{word}姓名", f"{word}名字"):
                words[_label(form)] = role
            for phone in _PHONE_WORDS:
                words[_label(word + phone)] = f"{role}_phone"
    return words | dict.fromkeys(_HOUSEHOLD_WORDS, "households")

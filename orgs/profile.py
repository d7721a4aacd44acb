"""City profiles: a TOML file gives a city its own level names, role titles, unit sizes and defaults.

The engine is one; what differs between Bozhou, Anshan or Shishou is read from here.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import get_language

from orgs.choices import Level, Role

PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class SizeRule:
    """How many households (or child units) a unit should have; outside is flagged, not refused."""

    low: int
    high: int

    def fits(self, count: int) -> bool:
        return self.low <= count <= self.high


@dataclass(frozen=True)
class CityProfile:
    """A city's words and rules. Names map a language ("zh-hans", "en") to a word.

    `limits` (stage → urgency → limit as "24h" or "7wd") and `ladder` (rungs in order) are the defaults that the desk's
    own rows override; `grievances.services.rulebook` reads both.
    """

    key: str
    name: dict[str, str]
    levels: dict[str, dict[str, str]]
    roles: dict[str, dict[str, str]]
    sizes: dict[str, SizeRule]
    cases: dict[str, int | float]
    office_hours: tuple[str, ...] = ()
    limits: dict[str, dict[str, str]] = field(default_factory=dict)
    ladder: tuple[dict, ...] = ()
    messages: dict[str, str | int] = field(default_factory=dict)

    def level_name(self, level: str) -> str:
        """Return the city's word for `level` in the reader's language."""
        return _word(self.levels[level])

    def role_title(self, role: str) -> str:
        """Return the city's title for `role` in the reader's language."""
        return _word(self.roles[role])

    @property
    def city_name(self) -> str:
        return _word(self.name)


def _word(words: dict[str, str]) -> str:
    return words["en"] if (get_language() or "").startswith("en") else words["zh"]


@cache
def load_profile(key: str) -> CityProfile:
    """Read and check the profile `key`; raise ImproperlyConfigured that says what is missing."""
    path = PROFILES / f"{key}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PROFILES.glob("*.toml")))
        raise ImproperlyConfigured(f"CITY_PROFILE={key}: no such city profile; known: {known}")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    missing = [f"levels.{level}" for level in Level.values if level not in data.get("levels", {})]
    missing += [f"roles.{role}" for role in Role.values if role not in data.get("roles", {})]
    missing += [table for table in ("name", "cases", "office", "limits", "ladder", "messages") if table not in data]
    if missing:
        raise ImproperlyConfigured(f"city profile {path.name} lacks {', '.join(missing)}")
    return CityProfile(
        key=key,
        name=data["name"],
        levels=data["levels"],
        roles=data["roles"],
        sizes={level: SizeRule(rule["low"], rule["high"]) for level, rule in data.get("sizes", {}).items()},
        cases=data["cases"],
        office_hours=tuple(data["office"]["hours"]),
        limits=data["limits"],
        ladder=tuple(data["ladder"]),
        messages=data["messages"],
    )


def profile() -> CityProfile:
    """Return the profile of the city this installation serves."""
    return load_profile(settings.CITY_PROFILE)

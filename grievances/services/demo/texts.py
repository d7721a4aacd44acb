"""What people of the demo city report, and what was done about it: sentences from `texts.toml` with places put in."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from grievances.services.demo.people import neighbour

_FILE = Path(__file__).with_name("texts.toml")
_DAYS = ("昨晚", "前天", "这几天", "上周起", "今早", "从周一起")


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of trouble: its category, who usually resolves it, and its sentences."""

    code: str
    agency: str
    weight: int
    where: str
    say: tuple[str, ...]
    done: tuple[str, ...]
    months: tuple[int, ...] = ()
    picture: str = ""

    def fits(self, *, urban: bool, month: int) -> bool:
        """Say whether such a thing happens there and then."""
        return self.where in ("both", "urban" if urban else "rural") and (not self.months or month in self.months)


@cache
def _texts() -> dict:
    return tomllib.loads(_FILE.read_text("utf-8"))


@cache
def topics() -> tuple[Topic, ...]:
    """Return every topic of the file."""
    return tuple(
        Topic(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
        for entry in _texts()["topic"]
    )


@cache
def _fitting(urban: bool, month: int) -> tuple[tuple[Topic, ...], tuple[int, ...]]:
    found = tuple(topic for topic in topics() if topic.fits(urban=urban, month=month))
    return found, tuple(topic.weight for topic in found)


def choose_topic(rng: Random, *, urban: bool, month: int) -> Topic:
    """Draw a topic by how often it happens there in that month."""
    found, weights = _fitting(urban, month)
    return rng.choices(found, weights)[0]


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of one case."""

    description: str
    result: str


def put_in_words(rng: Random, topic: Topic, *, estate: str, place: str, door: str) -> Wording:
    """Return description and result of one case of `topic` at the place."""
    facts = {
        "estate": estate,
        "place": place,
        "door": door,
        "who": neighbour(rng),
        "day": rng.choice(_DAYS),
        "n": rng.randint(2, 5),
    }
    texts = _texts()
    said, done = rng.choice(list(zip(topic.say, topic.done, strict=True)))
    description = rng.choice(texts["opening"]) + said.format(**facts) + "。" + rng.choice(texts["closing"])
    return Wording(description, done.format(**facts))

"""What the cases of a made-up city are told from: its places, topics, counts and rules of time. Plain values."""

from dataclasses import dataclass

from grievances.services.synthetic.figures import Counts
from grievances.services.synthetic.timing import Rules


def door_label(number: int) -> str:
    """Return what the `number`-th household (from 0) of a neighbourhood is called."""
    return f"{1 + number // 6}单元{1 + number // 2 % 3}0{1 + number % 2}"


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency and who handles its cases; keys are texts, `data` and `assigned` those of events about it."""

    key: str
    name: str
    handler: str
    data: str
    assigned: str


@dataclass(frozen=True, slots=True)
class Street:
    """A street's desk and its agencies."""

    key: str
    officer: str
    agencies: tuple[Agency, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A neighbourhood with who and what is around it; keys are texts.

    `to_group` and `to_zone` are the data of an event that passes a case there; `doors` are the first household's key
    and how many there are.
    """

    unit: str
    path: str
    chief: str
    group: str
    group_leader: str
    to_group: str
    zone: str
    zone_leader: str
    to_zone: str
    street: Street
    doors: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Topic:
    """A second-level category and the words people use for it."""

    key: int
    key_text: str
    urgency: str
    matters: tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """Everything the cases are told from; handed to each process that tells some.

    Weights are cumulative; topics have twelve rows of them, one a month. `reasons` are, by step, the key of a listed
    reason and its part of an event's data. `end` is the last midnight, as `rules` count moments.
    """

    seed: int
    counts: Counts
    rules: Rules
    places: tuple[Place, ...]
    place_weights: tuple[float, ...]
    topics: tuple[Topic, ...]
    topic_weights: tuple[tuple[float, ...], ...]
    system: str
    operator: str
    reasons: dict[str, tuple[str, str]]
    end: int

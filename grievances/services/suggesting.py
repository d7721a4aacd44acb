"""Which category a sentence is likely about: learnt every night from the city's own cases, else by the word list.

It only suggests: nothing here writes to a case.
"""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from time import monotonic

from django.db import transaction

from grievances.choices import Status
from grievances.models import Category, Grievance, LearntCategories
from grievances.services.defaults import DATA
from grievances.suggestions.bayes import Guess, Sample, unpacked
from grievances.suggestions.measuring import learn, measure
from grievances.suggestions.wordlist import WordList

# Fewer closed cases say less than the word list.
MIN_CASES = 500
# The newest ones that are looked at, and how many of each category and of all are learnt from.
LOOKED_AT, OF_EACH, OF_ALL = 100_000, 200, 20_000
# A pair of characters that stands in fewer cases may be somebody's name: it is not kept.
SEEN_IN = 3
SHOWN = 3
# Weaker guesses are noise to who reads them.
WORTH_SAYING = 0.15
# How long a process goes by what it has read, in seconds.
KEPT_SECONDS = 60
_KEPT_ROWS = 3


@dataclass(frozen=True, slots=True)
class Suggested:
    """A category and how likely it is."""

    category: Category
    share: float


class _Remembered:
    guess: Callable[[str], list[Guess]] | None = None
    categories: dict[int, Category] = {}
    version = None
    asked_at = 0.0


def suggest_categories(text: str) -> list[Suggested]:
    """Return the at most three likeliest second-level categories, the first first; none of weak or chance guesses.

    At most three statements, none while what the process remembers is fresh.
    """
    guess = _guesser()
    likely = [(label, share) for label, share in guess(text)[:SHOWN] if share >= WORTH_SAYING]
    known = _Remembered.categories
    return [Suggested(known[label], share) for label, share in likely if label in known]


def learn_categories(*, now: datetime) -> LearntCategories | None:
    """Learn from the city's closed cases, measure it on cases held out, and put it in force; None with too few cases.

    Reads in its own statements and locks nothing; run twice, it makes a second row like the first.
    """
    categories = _categories()
    samples = _samples(set(categories))
    if len(samples) < MIN_CASES:
        return None
    words = word_list(categories.values())
    model, found = learn(samples, words.seeds, seen_in=SEEN_IN)
    if model is None:
        return None
    by_words = measure(samples[: max(found.count, 1)], words.sure)
    with transaction.atomic():
        row = LearntCategories.objects.create(
            learnt_at=now,
            cases=len(samples),
            held_out=found.count,
            top_1=found.top_1,
            top_3=found.top_3,
            words_top_1=by_words.top_1,
            data=model.packed(),
        )
        old = LearntCategories.objects.order_by("-pk").values_list("pk", flat=True)[_KEPT_ROWS:]
        LearntCategories.objects.filter(pk__in=list(old)).delete()
    return row


def word_list(categories) -> WordList:
    """Return the word list of these categories: the words people use, and the names of what belongs to each."""
    rows = [one for one in categories if one.parent_id]
    by_code = {one.code: one.pk for one in rows}
    words = [(word.strip(), one.pk) for one in rows for word in one.keywords.split("|") if word.strip()]
    # What only takes the rest is never suggested by its name.
    names = [(one.name, one.pk) for one in rows if not one.code.endswith("99")]
    names += [(name, by_code[code]) for name, code in mapped_names() if code in by_code and not code.endswith("99")]
    return WordList(words, names)


@cache
def mapped_names() -> list[tuple[str, str]]:
    """Return names of outside classes with the code of the category they belong to (`grievances/data/mappings`)."""
    found = []
    for file, column in (("petition_classes.csv", "level3"), ("city_matters.csv", "name")):
        with (DATA / "mappings" / file).open(encoding="utf-8", newline="") as rows:
            found += [(row[column], row["category_code"]) for row in csv.DictReader(rows) if row[column]]
    return found


def forget_suggestions() -> None:
    """Read what is in force anew next time."""
    _Remembered.guess, _Remembered.version, _Remembered.asked_at = None, None, 0.0


def _guesser() -> Callable[[str], list[Guess]]:
    """Return what answers now; a newer version is loaded once per process."""
    if _Remembered.guess is not None and monotonic() - _Remembered.asked_at < KEPT_SECONDS:
        return _Remembered.guess
    newest = LearntCategories.objects.defer("data").first()
    version = newest.pk if newest is not None and newest.is_better else 0
    categories = _categories()
    if _Remembered.guess is None or version != _Remembered.version or categories != _Remembered.categories:
        _Remembered.guess = unpacked(bytes(newest.data)).sure if version else word_list(categories.values()).sure
    _Remembered.version, _Remembered.categories, _Remembered.asked_at = version, categories, monotonic()
    return _Remembered.guess


def _categories() -> dict[int, Category]:
    rows = Category.objects.filter(is_active=True, parent__isnull=False).select_related("parent").order_by("code")
    return {row.pk: row for row in rows}


def _samples(known: set[int]) -> list[Sample]:
    """Return the newest closed cases as text and category, not too many of any one."""
    newest = (
        Grievance.objects.filter(status=Status.CLOSED, category__isnull=False)
        .order_by("-pk")
        .values_list("category_id", "title", "description")
    )
    counts: Counter[int] = Counter()
    samples: list[Sample] = []
    for category, title, description in newest[:LOOKED_AT].iterator(chunk_size=2000):
        if category in known and counts[category] < OF_EACH:
            counts[category] += 1
            samples.append((as_text(title, description), category))
            if len(samples) == OF_ALL:
                break
    return samples


def as_text(title: str, *rest: str) -> str:
    """Return what is learnt from: the title counts twice."""
    return "\n".join([title, title, *rest])

"""manage.py suggest_categories [--learn] [--evaluate FILE.csv --text COL … --label COL] [SENTENCE]."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from grievances.models import Category
from grievances.services.suggesting import (
    DATA,
    MIN_CASES,
    as_text,
    learn_categories,
    suggest_categories,
    word_list,
)
from grievances.suggestions.bayes import Guess, Sample
from grievances.suggestions.measuring import Measured, learn, measure
from linjiang.common.clock import now
from linjiang.common.commands import PipeCommand


class Command(PipeCommand):
    help = (
        "Suggest categories for a sentence; --learn from the city's closed cases now; --evaluate on a CSV file of your "
        "own, of which nothing is kept."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("sentence", nargs="?", default="")
        parser.add_argument("--learn", action="store_true", help="learn from the closed cases, as every night")
        parser.add_argument("--evaluate", type=Path, metavar="FILE.csv", help="measure on the texts of a file")
        parser.add_argument("--text", action="append", metavar="COLUMN", help="with the text; repeated, all of them")
        parser.add_argument("--label", metavar="COLUMN", help="with the class")
        parser.add_argument("--folds", type=int, default=10, help="parts of which each is held out once (10)")

    def handle(self, *args, **options) -> None:
        if options["evaluate"] is not None:
            self._evaluate(options)
        elif options["learn"]:
            self._learn()
        elif options["sentence"]:
            for one in suggest_categories(options["sentence"]):
                self.stdout.write(f"{one.share:.2f}  {one.category.code}  {one.category}")
        else:
            raise CommandError(_("name a sentence, or use --learn or --evaluate FILE.csv"))

    def _learn(self) -> None:
        row = learn_categories(now=now())
        if row is None:
            raise CommandError(
                _("there are fewer than %(count)s closed cases; the word list answers") % {"count": MIN_CASES}
            )
        self.stdout.write(
            _("%(cases)s cases; right at once %(top_1)s, among three %(top_3)s, by the word list %(words)s")
            % {
                "cases": row.cases,
                "top_1": f"{row.top_1:.1%}",
                "top_3": f"{row.top_3:.1%}",
                "words": f"{row.words_top_1:.1%}",
            }
        )

    def _evaluate(self, options: dict) -> None:
        if not options["text"] or not options["label"]:
            raise CommandError(_("--evaluate needs --text and --label"))
        if not 2 <= options["folds"] <= 100:
            raise CommandError(_("--folds is a number from 2 to 100"))
        samples = _read(options["evaluate"], options["text"], options["label"])
        labels = Counter(label for _text, label in samples)
        if len(labels) < 2:
            raise CommandError(_("the file needs texts of at least two classes"))
        categories = list(Category.objects.filter(is_active=True).select_related("parent").order_by("code"))
        belongs = _belongs(categories, set(labels))
        words = word_list(categories)
        self._say(_("Word list"), measure(samples, _translated(words.sure, belongs)))
        _model, found = learn(samples, folds=options["folds"])
        self._say(_("Learnt from the file alone"), found)
        seeds = [(text, label) for text, pk in words.seeds if (label := _likeliest(belongs.get(pk, {})))]
        if seeds:
            _model, found = learn(samples, seeds, folds=options["folds"])
            self._say(_("Learnt from the file, beside the word list"), found)

    def _say(self, title: str, found: Measured) -> None:
        self.stdout.write(f"{title}: n={found.count} top-1={found.top_1:.1%} top-3={found.top_3:.1%}")
        for label, (count, first, among) in sorted(found.by_class.items(), key=lambda row: -row[1][0]):
            self.stdout.write(f"  {label}: n={count} top-1={first / count:.1%} top-3={among / count:.1%}")
        for share in (0.15, 0.3, 0.5, 0.7, 0.9):
            said, right = found.right_above(share)
            if said:
                self.stdout.write(f"  share ≥ {share}: n={said} ({said / found.count:.0%}) right={right / said:.1%}")


def _read(file: Path, texts: Sequence[str], label: str) -> list[Sample]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            if missing := [name for name in (*texts, label) if name not in (reader.fieldnames or ())]:
                raise CommandError(_("the file has no column %(names)s") % {"names": ", ".join(missing)})
            rows = [([row[name] or "" for name in texts], (row[label] or "").strip()) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(str(error)) from error
    return [(as_text(*given), name) for given, name in rows if name and any(given)]


def _belongs(categories: Sequence[Category], labels: set[str]) -> dict[int, dict[str, float]]:
    """Return, by category, how likely each of the file's classes is for its cases.

    A class is the code or name of a category or of the first level, or a first-level class of the mapping. A category
    without any mapped class follows the others of its first level.
    """
    by_code: dict[str, Counter] = defaultdict(Counter)
    with (DATA / "mappings" / "petition_classes.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["level1"] in labels:
                by_code[row["category_code"]][row["level1"]] += 1
    tops: dict[int, Counter] = defaultdict(Counter)
    for one in categories:
        if one.parent_id:
            tops[one.parent_id].update(by_code[one.code])
    found = {}
    for one in categories:
        own = [one.code, one.name, *((one.parent.code, one.parent.name) if one.parent_id else ())]
        if named := next((name for name in own if name in labels), None):
            found[one.pk] = {named: 1.0}
        elif counts := by_code[one.code] or tops[one.parent_id]:
            found[one.pk] = {label: count / counts.total() for label, count in counts.items()}
    return found


def _likeliest(classes: dict[str, float]) -> str | None:
    return max(classes, key=classes.__getitem__) if classes else None


def _translated(guess: Callable[[str], list[Guess]], belongs: dict[int, dict[str, float]]):
    """Return a guess of the file's classes from one of categories."""

    def translated(text: str) -> list[Guess]:
        shares: Counter[str] = Counter()
        for pk, share in guess(text):
            for label, part in belongs.get(pk, {}).items():
                shares[label] += share * part
        return shares.most_common()

    return translated

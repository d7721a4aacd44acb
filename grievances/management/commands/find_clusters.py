"""manage.py find_clusters [--everything] [--evaluate MESSAGES.csv PAIRS.csv --key … --title … --text … --day …]."""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from grievances.pool.clusters import Block, find_clusters
from grievances.pool.likeness import ALIKE, Rareness
from grievances.pool.measuring import Found, Pair, choose, halves, measure
from grievances.pool.words import Told, features
from grievances.services import pool_nightly
from linjiang.common.clock import now
from linjiang.common.commands import PipeCommand


class Command(PipeCommand):
    help = (
        "Search the problem pool for matters told by many, as every night; --evaluate on texts and pairs of your own, "
        "of which nothing is kept."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--everything", action="store_true", help="also districts where nothing new was reported")
        parser.add_argument(
            "--evaluate", nargs=2, type=Path, metavar=("MESSAGES.csv", "PAIRS.csv"),
            help="measure on texts and on pairs of their keys (id_a, id_b, same: 1 or 0) that people read",
        )  # fmt: skip
        for name, column in (("key", "id"), ("title", "title"), ("text", "body"), ("day", "reported_at")):
            parser.add_argument(f"--{name}", default=column, metavar="COLUMN", help=f"with the {name} ({column})")

    def handle(self, *args, **options) -> None:
        if options["evaluate"]:
            self._evaluate(options)
            return
        run = pool_nightly.find(now=now(), everything=options["everything"], progress=self.stdout.write)
        self.stdout.write(
            _("%(cases)s cases read, %(found)s new matters, %(grown)s cases joined older ones, %(seconds)s s")
            % {"cases": run.cases, "found": run.found, "grown": run.grown, "seconds": f"{run.seconds:.1f}"}
        )

    def _evaluate(self, options: dict) -> None:
        messages, judged = options["evaluate"]
        told = list(read_told(messages, options))
        pairs = read_pairs(judged)
        if missing := {key for one, other, _same in pairs for key in (one, other)} - {one.key for one in told}:
            raise CommandError(_("the pairs name texts that are not there: %(keys)s") % {"keys": sorted(missing)[:5]})
        rare = Rareness.of(map(features, told))
        block = Block(told, rare)
        chosen_by, measured_on = halves(pairs)
        threshold = choose(chosen_by, block.likeness)
        self.stdout.write(f"{len(told)} texts, {len(pairs)} pairs; threshold of the first half {threshold:.3f}")
        for title, alike in (("that threshold", threshold), (f"in force ({ALIKE})", ALIKE)):
            found = measure(measured_on, lambda one, other, alike=alike: block.likeness(one, other) >= alike)
            self._say(f"pairs of the second half by {title}", found)
        in_one = together(find_clusters(told, rare, fewest=2))
        self._say("the second half, in one cluster", measure(measured_on, in_one))
        self._say("the first half, in one cluster", measure(chosen_by, in_one))

    def _say(self, title: str, found: Found) -> None:
        self.stdout.write(
            f"{title}: n={found.pairs} same={found.same} precision={found.precision:.1%} recall={found.recall:.1%}"
        )


def together(clusters: Iterable[dict]):
    """Return whether two keys are in one of `clusters`, as a function."""
    cluster_of = {key: number for number, cluster in enumerate(clusters) for key in cluster}
    return lambda one, other: one in cluster_of and cluster_of[one] == cluster_of.get(other)


def read_told(file: Path, options: dict) -> Iterable[Told]:
    """Yield the texts of a CSV file by the columns that `options` names."""
    for row in _rows(file, [options[name] for name in ("key", "title", "text", "day")]):
        try:
            day = date.fromisoformat(row[options["day"]].replace("/", "-")[:10])
            yield Told(int(row[options["key"]]), row[options["title"]], row[options["text"]], day=day)
        except ValueError as error:
            raise CommandError(f"{file}: {error}") from error


def read_pairs(file: Path) -> list[Pair]:
    """Return the pairs of a CSV file with id_a, id_b and same (1 or 0)."""
    found = []
    for row in _rows(file, ["id_a", "id_b", "same"]):
        try:
            found.append((int(row["id_a"]), int(row["id_b"]), bool(int(row["same"]))))
        except ValueError as error:
            raise CommandError(f"{file}: {error}") from error
    if len({same for _one, _other, same in found}) < 2 or len(found) < 4:
        raise CommandError(_("the file needs at least four pairs, of both kinds"))
    return found


def _rows(file: Path, columns: list[str]) -> Iterable[dict]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
                raise CommandError(_("the file has no column %(names)s") % {"names": ", ".join(missing)})
            yield from ({name: value or "" for name, value in row.items() if name} for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(str(error)) from error

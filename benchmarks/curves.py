"""Curves over several runs' results: python benchmarks/curves.py var/bench/208k.json 2.8m.json 10m.json

Draws docs/pictures/scaling-*.png: what a page, a search, a sweep takes as the city's cases grow. Needs matplotlib
(requirements-dev).
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INK, GREY, GRID = "#22313f", "#7a8794", "#e3e8ec"
COLOURS = ("#1f4e8c", "#3f8fc4", "#6f7f8f", "#8a6fb0", "#2e8b74", "#b07a2e")

# File, title, what is drawn ("p95" or "median"), its unit, and the lines by name.
PICTURES = (
    (
        "dashboard",
        "Dashboard of a year, 95th percentile",
        "p95",
        "ms",
        tuple(f"dashboard, {level}, this year" for level in ("city", "district", "street", "community")),
    ),
    (
        "pages",
        "Inbox and case page, 95th percentile",
        "p95",
        "ms",
        ("inbox, street officer", "inbox, agency handler", "inbox, all open of the city", "case page, open, its desk"),
    ),
    (
        "search",
        "Search among all cases, 95th percentile",
        "p95",
        "ms",
        ("search, a common word", "search, a rare word", "search, no such word", "by category", "by dates"),
    ),
    ("sweep", "A sweep that finds nothing, median", "median", "ms", ("a sweep that finds nothing",)),
    ("filing", "Filing through HTTP, 8 clients, median", "median", "a second", ("HTTP, 8 clients, gunicorn 2 × 4",)),
    ("rebuild", "rebuild_tallies of the whole city", "median", "s", ("rebuild_tallies, whole city",)),
)


def main(argv: list[str] | None = None) -> int:
    """Draw the pictures and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "pictures")
    given = parser.parse_args(argv)
    runs = sorted((json.loads(path.read_text("utf-8")) for path in given.results), key=lambda run: run["cases"])
    given.to.mkdir(parents=True, exist_ok=True)
    for name, title, which, unit, wanted in PICTURES:
        curves = curves_of(runs, which, wanted)
        if curves:
            path = given.to / f"scaling-{name}.png"
            draw(curves, title, unit, path)
            print(path)
    return 0


def curves_of(runs: list[dict], which: str, wanted: tuple[str, ...]) -> dict[str, list[tuple[int, float]]]:
    """Return (cases, value) of each wanted line, over the runs that measured it."""
    found: dict[str, list[tuple[int, float]]] = {}
    for run in runs:
        for line in run["lines"]:
            if line["name"] in wanted and line.get("unit") != "×":  # growth has the names of what grew
                found.setdefault(line["name"], []).append((run["cases"], line[which]))
    return {name: found[name] for name in wanted if name in found}


def draw(curves: dict[str, list[tuple[int, float]]], title: str, unit: str, path: Path) -> None:
    """Draw the curves on one picture, cases on a logarithmic axis, each named at its end."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FixedLocator, NullLocator

    figure, axes = pyplot.subplots(figsize=(8, 4.2), dpi=150)
    sizes = sorted({cases for points in curves.values() for cases, _value in points})
    top = max(value for points in curves.values() for _cases, value in points)
    for (name, points), colour in zip(curves.items(), COLOURS, strict=False):
        across, up = zip(*points, strict=True)
        axes.plot(across, up, color=colour, linewidth=2, marker="o", markersize=5, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([_size(cases) for cases in sizes])
    axes.set_ylim(0, top * 1.2)
    axes.set_xlabel("cases", color=GREY)
    axes.set_ylabel(unit, color=GREY)
    axes.set_title(title, loc="left", color=INK, fontsize=12, pad=12)
    axes.grid(axis="y", color=GRID, linewidth=1)
    axes.tick_params(colors=GREY, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _size(cases: int) -> str:
    return f"{cases / 1_000_000:g} million" if cases >= 1_000_000 else f"{cases:,}"


if __name__ == "__main__":
    sys.exit(main())

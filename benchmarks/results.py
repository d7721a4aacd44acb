"""One shape for every measured line, and how the lines are shown."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """What was measured: all values of one thing, in `unit`, and its target if it has one.

    A target is (which, "<=" or ">=", number): which of the values is judged (median, p95, or value for a single one).
    """

    section: str
    name: str
    unit: str
    values: tuple[float, ...]
    target: tuple[str, str, float] | None = None
    note: str = ""

    def at(self, share: float) -> float:
        """Return the percentile `share` (0 to 1) of the values."""
        ordered = sorted(self.values)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        which, relation, wanted = self.target
        found = self.at(0.95) if which == "p95" else self.at(0.5)
        return found <= wanted if relation == "<=" else found >= wanted

    def as_dict(self) -> dict:
        """Return the line with its percentiles, ready for JSON."""
        numbers = {"n": len(self.values), "median": self.at(0.5), "p95": self.at(0.95)}
        numbers |= {"min": self.at(0), "max": self.at(1)}
        rounded = {name: round(value, 3) for name, value in numbers.items()}
        return {**asdict(self), "values": [round(value, 3) for value in self.values], **rounded, "met": self.is_met}


_HEAD = ("measured", "unit", "median", "p95", "min", "max", "n", "target", "")


def rows_of(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """Return the lines as texts, the head first."""
    return [_HEAD, *(_row(line) for line in lines)]


def _row(line: Line) -> tuple[str, ...]:
    numbers = [shown(value) for value in (line.at(0.5), line.at(0.95), line.at(0), line.at(1))]
    target, verdict = "", ""
    if line.target:
        which, relation, wanted = line.target
        target = f"{which} {relation} {shown(wanted)}"
        verdict = "met" if line.is_met else "MISSED"
    name = f"{line.name} ({line.note})" if line.note else line.name
    return (name, line.unit, *numbers, str(len(line.values)), target, verdict)


def shown(number: float) -> str:
    """Return the number with as many digits as say something."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def as_text(lines: Sequence[Line]) -> str:
    """Return the lines as a table for the terminal, a heading before each section."""
    rows = rows_of(lines)
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    found, section = [], ""
    for line, row in zip([None, *lines], rows, strict=True):
        if line is not None and line.section != section:
            section = line.section
            found.append(f"\n{section}")
        cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(row[2:7], widths[2:7], strict=True)]
        cells += [cell.ljust(width) for cell, width in zip(row[7:], widths[7:], strict=True)]
        found.append("  ".join(cells).rstrip())
    return "\n".join(found)


def as_markdown(lines: Sequence[Line]) -> str:
    """Return the lines as a table for the documentation."""
    rows = rows_of(lines)
    found = ["| " + " | ".join(rows[0]) + " |", "|---|---|" + "---:|" * 5 + "---|---|"]
    found += ["| " + " | ".join(row) + " |" for row in rows[1:]]
    return "\n".join(found) + "\n"

"""Loading and saving categories and reasons as CSV, so that a city edits them in a spreadsheet."""

import csv
import io
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from grievances.choices import ReasonKind, Urgency
from grievances.models import Category, Reason, ReplyTemplate
from grievances.services.replies import load_replies
from linjiang.common.clock import now
from linjiang.common.errors import InvalidInput
from linjiang.common.text import clean
from orgs.choices import AgencyKind
from orgs.models import User
from orgs.rules import note_rule_change
from orgs.services.calendar import load_library_years

DATA = Path(__file__).resolve().parent.parent / "data"
_HOURS = ("acknowledge_hours", "assign_hours", "resolve_hours", "feedback_hours")
CATEGORY_COLUMNS = (
    "code",
    "parent_code",
    "name",
    "name_en",
    "urgency",
    *_HOURS,
    "photo_required",
    "agency_kind",
    "keywords",
)
REASON_COLUMNS = ("kind", "code", "name", "name_en")


@transaction.atomic
def load_categories(*, actor: User, text: str, retire_missing: bool = False) -> dict[str, int]:
    """Take over the categories of the CSV `text` and return counts: new, changed, unchanged, missing, retired.

    Rows are matched by code. What is in use and not in the file counts as missing and stays as it is; with
    `retire_missing` it is taken out of use (retired), never deleted. Raise InvalidInput with every bad line; then
    nothing is applied.
    """
    rows = _read(text, CATEGORY_COLUMNS)
    _check_categories(rows)
    known = {category.code: category for category in Category.objects.select_for_update()}
    counts = {"new": 0, "changed": 0, "unchanged": 0, "missing": 0, "retired": 0}
    for of_second_level in (False, True):
        fresh = []
        for position, (_line, row) in enumerate(rows):
            if bool(row["parent_code"]) != of_second_level:
                continue
            values = _category_values(row, known, position)
            category = known.get(row["code"])
            if category is None:
                fresh.append(Category(code=row["code"], **values))
            else:
                counts["changed" if _update(category, values) else "unchanged"] += 1
        known |= {category.code: category for category in Category.objects.bulk_create(fresh)}
        counts["new"] += len(fresh)
    if counts["new"] or counts["changed"]:
        note_rule_change(actor=actor, now=now(), why=gettext_noop("The categories and their limits were changed"))
    gone = set(known) - {row["code"] for _line, row in rows}
    missing = Category.objects.filter(code__in=gone, is_active=True)
    if retire_missing:
        counts["retired"] = missing.update(is_active=False)
    else:
        counts["missing"] = missing.count()
    return counts


def dump_categories() -> str:
    """Return the categories in use as CSV, in the columns that `load_categories` reads."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CATEGORY_COLUMNS)
    for category in Category.objects.filter(is_active=True).select_related("parent").order_by("code"):
        hours = [getattr(category, name) if getattr(category, name) is not None else "" for name in _HOURS]
        writer.writerow(
            [
                category.code,
                category.parent.code if category.parent else "",
                category.name,
                category.name_en,
                category.urgency,
                *hours,
                "1" if category.photo_required else "",
                category.agency_kind,
                category.keywords,
            ]
        )
    return buffer.getvalue()


@transaction.atomic
def load_reasons(*, actor: User, text: str) -> int:
    """Load the listed reasons from CSV and return how many are new; existing ones get the file's names."""
    known = set(Reason.objects.values_list("kind", "code"))
    reasons = []
    for position, (line, row) in enumerate(_read(text, REASON_COLUMNS)):
        if row["kind"] not in ReasonKind.values:
            problem = _("Line %(line)s: unknown step “%(value)s”.") % {"line": line, "value": row["kind"]}
            raise InvalidInput({"file": problem})
        reasons.append(Reason(**row, position=position))
    Reason.objects.bulk_create(
        reasons,
        update_conflicts=True,
        unique_fields=["kind", "code"],
        update_fields=["name", "name_en", "position", "is_active"],
    )
    return sum((reason.kind, reason.code) not in known for reason in reasons)


def load_shipped_defaults(*, actor: User) -> dict[str, int]:
    """Load the categories, reasons, reply templates and holidays that come with it; what a city has edited since is
    left alone."""
    counts = {"categories": 0, "reasons": 0, "replies": 0, "years": len(load_library_years(actor=actor, now=now()))}
    if not Category.objects.exists():
        counts["categories"] = load_categories(actor=actor, text=(DATA / "categories.csv").read_text("utf-8"))["new"]
    if not Reason.objects.exists():
        counts["reasons"] = load_reasons(actor=actor, text=(DATA / "reasons.csv").read_text("utf-8"))
    if not ReplyTemplate.objects.exists():
        text = (DATA / "replies.csv").read_text("utf-8")
        counts["replies"] = load_replies(actor=actor, now=now(), text=text)
    return counts


def _read(text: str, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in columns if column not in (reader.fieldnames or [])]
    if missing:
        raise InvalidInput({"file": _("The file lacks the columns %(columns)s.") % {"columns": ", ".join(missing)}})
    return [(reader.line_num, {column: clean(row[column]) for column in columns}) for row in reader]


def _check_categories(rows) -> None:
    codes = [row["code"] for _line, row in rows]
    top = {row["code"] for _line, row in rows if not row["parent_code"]}
    bad: list[str] = []
    for line, row in rows:
        problems = []
        if not row["code"] or not row["name"]:
            problems.append(_("code and name are needed"))
        if codes.count(row["code"]) > 1:
            problems.append(_("code “%(code)s” stands twice") % {"code": row["code"]})
        if row["parent_code"] and row["parent_code"] not in top:
            problems.append(_("“%(code)s” is not a top-level code") % {"code": row["parent_code"]})
        if row["urgency"] not in Urgency.values:
            problems.append(_("urgency is one of %(values)s") % {"values": ", ".join(Urgency.values)})
        if row["agency_kind"] and row["agency_kind"] not in AgencyKind.values:
            problems.append(_("agency_kind is one of %(values)s") % {"values": ", ".join(AgencyKind.values)})
        if any(row[name] and not row[name].isdecimal() for name in _HOURS):
            problems.append(_("hours are whole numbers"))
        bad += [_("Line %(line)s: %(problem)s.") % {"line": line, "problem": problem} for problem in problems]
    if bad:
        raise InvalidInput({"file": "\n".join(bad)})


def _category_values(row: dict[str, str], known: dict[str, Category], position: int) -> dict:
    values = {
        "parent": known[row["parent_code"]] if row["parent_code"] else None,
        "name": row["name"],
        "name_en": row["name_en"],
        "urgency": row["urgency"],
        "photo_required": row["photo_required"] == "1",
        "agency_kind": row["agency_kind"],
        "keywords": row["keywords"],
        "position": position,
        "is_active": True,
    }
    return values | {name: int(row[name]) if row[name] else None for name in _HOURS}


def _update(category: Category, values: dict) -> bool:
    changed = [field for field, value in values.items() if field != "position" and getattr(category, field) != value]
    for field, value in values.items():
        setattr(category, field, value)
    if changed:
        category.save(update_fields=list(values))
    return bool(changed)

"""The facts sums are made of: what each case, or each row of the log of changes, adds to which count.

Cases and log have the same columns under the same names, so both go through the same conditions.
"""

from collections.abc import Iterator, Sequence

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateField,
    DateTimeField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Trunc, TruncDate
from django.db.models.query import QuerySet
from django.utils import timezone

from grievances.choices import Status
from grievances.models import Category, Grievance, MeasuredChange
from linjiang.common.replica import reading_connection
from reporting.conditions import ACCEPTED, BETWEEN_STEPS, tallied_conditions
from reporting.coverage import AGENCY, CATEGORY, SOURCE
from reporting.durations import BOUNDS
from reporting.periods import Step

_BOUNDS = ",".join(map(str, BOUNDS))


def cases() -> QuerySet:
    """Return the accepted cases."""
    return Grievance.objects.filter(ACCEPTED).order_by()


def changes() -> QuerySet:
    """Return the logged changes of accepted cases that no tally holds yet."""
    return MeasuredChange.objects.filter(ACCEPTED).order_by()


def day() -> TruncDate:
    """Return the local day of reporting."""
    return TruncDate("reported_at", tzinfo=timezone.get_default_timezone())


def bar(step: Step) -> Cast:
    """Return the first local day of the day, week, month or year of reporting."""
    begun = Trunc("reported_at", step.value, tzinfo=timezone.get_default_timezone(), output_field=DateTimeField())
    return Cast(begun, DateField())


def bucket() -> Case:
    """Return the bucket of a closed case's duration (see `durations.bucket_of`), null for an open case."""
    return _bucket_between("reported_at", "closed_at", Q(status=Status.CLOSED))


def step_buckets() -> dict[str, Case]:
    """Return the bucket of what lies between two steps as `f_…`, null for a case that is not beyond it."""
    return {f"f_{step}": _bucket_between(*between) for step, between in BETWEEN_STEPS.items()}


def _bucket_between(begin: str, end: str, condition: Q) -> Case:
    seconds = Func(
        F(end),
        F(begin),
        template=f"width_bucket(FLOOR(date_part('epoch', %(expressions)s))::bigint, '{{{_BOUNDS}}}'::bigint[])",
        arg_joiner=" - ",
        output_field=IntegerField(),
    )
    return Case(When(condition, then=seconds), output_field=IntegerField())


# Where a group by duration tells open cases: no bucket has this number, and it is not null.
OPEN_BUCKET = -1


def bucket_or_open(took: Case | None = None) -> Coalesce:
    """Return the bucket of a case's duration (or of `took`), `OPEN_BUCKET` for a case without."""
    return Coalesce(took or bucket(), Value(OPEN_BUCKET), output_field=IntegerField())


def grouped(rows: QuerySet, columns: dict, sets: Sequence[Sequence[str]], *, only: str = "") -> Iterator[dict]:
    """Count `rows` (cases) by each of the `sets` of names of `columns`, in one pass over them.

    Every row has the names of its set, none of which is null, and the counts (`n_…`, or the `only` one of them); the
    other names are None.
    """
    counts = counted(rows.model)
    if only:
        counts = {f"n_{only}": counts[f"n_{only}"]}
    wanted = rows.values(**columns).annotate(**counts)
    sql, params = wanted.query.sql_with_params()
    names = [*columns, *counts]
    plain = "GROUP BY " + ", ".join(str(place + 1) for place in range(len(columns)))
    begin, found, end = sql.rpartition(plain)
    if not found or end.strip():
        raise AssertionError(f"not grouped by the columns in their order: {sql}")
    places = {name: str(place + 1) for place, name in enumerate(columns)}
    parts = ", ".join(f"({', '.join(places[name] for name in one)})" for one in sets)
    with reading_connection().cursor() as cursor:
        cursor.execute(f"{begin}GROUP BY GROUPING SETS ({parts})", params)
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))


def key_of(model: type, dimension: str):
    """Return the key of a dimension as text: a top category's or agency's number, a source; "" for none."""
    if dimension == SOURCE:
        return F("source")
    if dimension == AGENCY:
        number = F("lead_agency_id" if model is Grievance else "lead_agency")
    elif dimension == CATEGORY:
        number = _top_category(model)
    else:
        return Value("", output_field=CharField())
    return Coalesce(Cast(number, CharField(max_length=20)), Value(""))


def _top_category(model: type) -> Coalesce:
    if model is Grievance:
        return Coalesce("category__parent_id", "category_id")
    parent = Category.objects.filter(pk=OuterRef("category")).order_by().values("parent_id")
    return Coalesce(Subquery(parent, output_field=BigIntegerField()), F("category"))


def counted(model: type) -> dict[str, Count | Sum]:
    """Return the sum of each count of `TALLIED` as `n_…`: of cases, or of the signs of changes (None for nought)."""
    if model is Grievance:
        return {f"n_{name}": Count("pk", filter=q) if q else Count("*") for name, q in tallied_conditions().items()}
    return {f"n_{name}": Sum("sign", filter=q or None) for name, q in tallied_conditions().items()}


def facts(rows: QuerySet, *, sign: int = 1) -> QuerySet:
    """Return one row per case or change: `f_path`, `f_day`, a key per dimension, `f_took`, the bucket of each step and
    what it adds (`n_…`).

    `sign` −1 turns the rows' effect round.
    """
    model = rows.model
    one = F("sign") * Value(sign) if model is MeasuredChange else Value(sign)
    return rows.values(
        f_path=F("unit_path"),
        f_day=day(),
        f_category=key_of(model, CATEGORY),
        f_source=key_of(model, SOURCE),
        f_agency=key_of(model, AGENCY),
        f_took=bucket(),
        **step_buckets(),
        **{
            f"n_{name}": Case(When(q, then=one), default=Value(0), output_field=IntegerField()) if q else one
            for name, q in tallied_conditions().items()
        },
    )

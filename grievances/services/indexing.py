"""Writing the lexemes of cases that have none: loaded by other means, or from before words had an index."""

from collections.abc import Callable

from django.db import connection, transaction
from django.db.models import Max, Min

from grievances.models import Grievance

BATCH = 1000


def index_words(
    *,
    everything: bool = False,
    batch: int = BATCH,
    progress: Callable[[int, int, int], None] = lambda _done, _at, _end: None,
) -> int:
    """Write the lexemes of the cases that have none (`everything`: of all, after a change of rules); return how many.

    Each batch is a transaction that locks its cases' rows, so it may be stopped at any time and goes on where it
    stopped; beside it the city works as always. `progress` is called with the cases written, the key reached and
    the last key.
    """
    bounds = Grievance.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if bounds["last"] is None:
        return 0
    done, at = 0, bounds["first"] - 1
    wanted = Grievance.objects.all() if everything else Grievance.objects.filter(search__isnull=True)
    while True:
        with transaction.atomic():
            cases = list(
                wanted.filter(pk__gt=at, pk__lte=bounds["last"])
                .select_related("household")
                .only(*Grievance.SEARCHED, "unit_path", "household__label")
                .order_by("pk")
                .select_for_update(of=("self",))[:batch]
            )
            if not cases:
                return done
            _write(cases)
        done, at = done + len(cases), cases[-1].pk
        progress(done, at, bounds["last"])


def _write(cases: list[Grievance]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE grievances_grievance SET search = fresh.words::tsvector"
            " FROM (SELECT unnest(%s::bigint[]) AS id, unnest(%s::text[]) AS words) AS fresh"
            " WHERE grievances_grievance.id = fresh.id",
            [[case.pk for case in cases], [case.lexemes() for case in cases]],
        )

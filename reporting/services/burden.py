"""Counting by night what chiefs were asked for in each whole week: cases, messages and notices, answers.

By night and not in tallies: what reaches a hundred thousand chiefs is counted once a week over everything that was
written in it, and nothing on the dashboard needs it fresher than that. Kept as sums down to the community.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min, Sum
from django.utils import timezone

from grievances.models import Grievance
from linjiang.common import clock
from linjiang.common.replica import snapshot
from notifications.choices import AUDIENCE_ROLES
from notifications.models import Message, Notice
from orgs import tree
from orgs.choices import Role
from orgs.models import Post, Unit
from reporting.burden import DEEPEST, FEWEST, GROUPS, LOWER_ENDS, Load, loads
from reporting.models import ChiefLoad
from reporting.periods import DAY, Period, Step, start_of

# A message a chief must do something for: tell the household the answer, report or solve what a resident told.
ASKING = ("case_told", "case_resolved", "joined_resolved", "joined_closed")
# Counted again, for what came late; and how far back the first run goes.
_AGAIN, _BACK = 2, 53
_WEEK = timedelta(days=7)

_TABLES = {
    "load": ChiefLoad._meta.db_table,
    "post": Post._meta.db_table,
    "unit": Unit._meta.db_table,
    "message": Message._meta.db_table,
    "notice": Notice._meta.db_table,
    "case": Grievance._meta.db_table,
}
# A chief holds one seat a week, that of the neighbourhood first in the tree; whoever is in office on its Sunday.
_COUNT = """
WITH weeks AS (SELECT generate_series(%(first)s::date, %(last)s::date, interval '7 days')::date AS week),
seats AS (
  SELECT DISTINCT ON (week, p.user_id) week, p.user_id, p.unit_id, u.path
  FROM weeks JOIN {post} p ON p.role = %(chief)s AND p.since <= week + 6
    AND (p.until IS NULL OR p.until > week + 6)
    AND (p.ended_at IS NULL OR (p.ended_at AT TIME ZONE %(zone)s)::date > week + 6)
  JOIN {unit} u ON u.id = p.unit_id
  ORDER BY week, p.user_id, u.path
),
cases AS (
  SELECT date_trunc('week', reported_at AT TIME ZONE %(zone)s)::date AS week, unit_id, count(*) AS n
  FROM {case} WHERE reported_at >= %(start)s AND reported_at < %(end)s GROUP BY 1, 2
),
messages AS (
  SELECT date_trunc('week', created_at AT TIME ZONE %(zone)s)::date AS week, recipient_id,
    count(*) FILTER (WHERE digest_id IS NULL AND kind <> 'notice') AS n,
    count(*) FILTER (WHERE kind IN %(asking)s) AS asked
  FROM {message} WHERE created_at >= %(start)s AND created_at < %(end)s GROUP BY 1, 2
),
notices AS (
  SELECT date_trunc('week', n.created_at AT TIME ZONE %(zone)s)::date AS week, u.path, count(*) AS n
  FROM {notice} n JOIN {unit} u ON u.id = n.unit_id
  WHERE n.created_at >= %(start)s AND n.created_at < %(end)s AND n.audience IN %(audiences)s GROUP BY 1, 2
),
told AS (
  SELECT s.week, s.user_id, sum(n.n) AS n FROM seats s
  JOIN notices n ON n.week = s.week AND s.path > n.path AND s.path < n.path || '~' GROUP BY 1, 2
),
had AS (
  SELECT s.week, s.path, coalesce(c.n, 0) AS cases, coalesce(m.n, 0) + coalesce(t.n, 0) AS messages,
    coalesce(m.asked, 0) AS answers
  FROM seats s
  LEFT JOIN cases c ON c.week = s.week AND c.unit_id = s.unit_id
  LEFT JOIN messages m ON m.week = s.week AND m.recipient_id = s.user_id
  LEFT JOIN told t ON t.week = s.week AND t.user_id = s.user_id
)
INSERT INTO {load} (unit_path, week, kind, chiefs, total, {groups})
SELECT left(h.path, depth * {segment}), h.week, k.kind, count(*), sum(k.n), {counts}
FROM had h
CROSS JOIN LATERAL (VALUES ('cases', h.cases), ('messages', h.messages), ('answers', h.answers)) AS k (kind, n)
CROSS JOIN generate_series(1, {deepest}) AS depth
WHERE length(h.path) >= depth * {segment}
GROUP BY 1, 2, 3
"""
# A unit less all of its children but one is that one: where those with too few chiefs are too few together as well,
# nothing below the unit is shown.
_HIDE = """
WITH few AS (
  SELECT week, left(unit_path, length(unit_path) - {segment}) AS above FROM {load}
  WHERE week >= %(first)s AND kind = 'cases' AND chiefs < %(fewest)s
  GROUP BY 1, 2 HAVING sum(chiefs) < %(fewest)s
)
UPDATE {load} AS l SET is_shown = false
WHERE week >= %(first)s AND (chiefs < %(fewest)s OR EXISTS (
  SELECT FROM few WHERE few.week = l.week AND l.unit_path > few.above AND l.unit_path < few.above || '~'
))
"""


@transaction.atomic
def count_loads(*, now: datetime) -> int:
    """Count the weeks that are over and not counted yet, and the last two again; return how many weeks.

    One statement for all of them. Safe to run twice and beside itself: the rows of a week are put in its place.
    """
    last = start_of(clock.local_day(now), Step.WEEK) - _WEEK
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {_TABLES['load']} IN SHARE ROW EXCLUSIVE MODE")
    counted = ChiefLoad.objects.aggregate(last=Max("week"))["last"]
    first = min(counted + _WEEK, last - (_AGAIN - 1) * _WEEK) if counted else _beginning(last)
    if first is None or first > last:
        return 0
    ChiefLoad.objects.filter(week__gte=first).delete()
    start, end = Period(first, last + 6 * DAY).moments(timezone.get_default_timezone())
    sql = _COUNT.format(
        **_TABLES,
        segment=tree.SEGMENT,
        deepest=DEEPEST,
        groups=", ".join(GROUPS),
        counts=", ".join(_counts()),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "first": first,
                "last": last,
                "start": start,
                "end": end,
                "zone": settings.TIME_ZONE,
                "chief": Role.CHIEF,
                "asking": ASKING,
                "audiences": tuple(name for name, roles in AUDIENCE_ROLES.items() if Role.CHIEF in roles),
            },
        )
        cursor.execute(_HIDE.format(**_TABLES, segment=tree.SEGMENT), {"first": first, "fewest": FEWEST})
    return (last - first).days // 7 + 1


def _beginning(last: date) -> date | None:
    """Return the first week worth counting when none is: of the first post of a chief, at most a year back."""
    since = Post.objects.filter(role=Role.CHIEF).aggregate(first=Min("since"))["first"]
    if since is None:
        return None
    return max(start_of(since, Step.WEEK), last - (_BACK - 1) * _WEEK)


def _counts() -> list[str]:
    ends = (*LOWER_ENDS[1:], None)
    return [
        f"count(*) FILTER (WHERE k.n >= {low}{'' if end is None else f' AND k.n < {end}'})"
        for low, end in zip(LOWER_ENDS, ends, strict=True)
    ]


def weeks_of(period: Period) -> tuple[date, date] | None:
    """Return the Mondays of the first and the last week that lie wholly in the period; None when none does."""
    first = start_of(period.since + 6 * DAY, Step.WEEK)
    last = start_of(period.until + DAY, Step.WEEK) - _WEEK
    return (first, last) if first <= last else None


def burden_of(*, unit: Unit, period: Period) -> list[Load]:
    """Return what a chief of the unit had in a week of the period, on average; empty where it may not be said or no
    whole week is counted. Weeks with fewer than `FEWEST` chiefs are left out, and those in which the numbers beside it
    would tell of fewer."""
    weeks = weeks_of(period)
    if weeks is None or unit.depth > DEEPEST:
        return []
    with snapshot():
        rows = ChiefLoad.objects.filter(unit_path__in=unit.paths, week__range=weeks, is_shown=True)
        sums = {f"s_{name}": Sum(name) for name in ("chiefs", "total", *GROUPS)}
        found = list(rows.order_by().values("kind").annotate(**sums))
    return loads({name.removeprefix("s_"): value for name, value in row.items()} for row in found)

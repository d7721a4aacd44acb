"""Set logic of the case. Every list, search and dashboard starts from `visible_to`."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import models
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Least

from grievances import search
from grievances.choices import LIVE, RUNNING, Status
from linjiang.common.database import Matches, MatchesRow, subtree_q
from orgs.choices import DESK_ROLES, LEADER_ROLES, LEVEL_ORDER, Level
from orgs.scopes import scope_of
from orgs.tree import SEGMENT

# The words of a case with full-width letters as half-width ones.
_FOLDED = models.Func(
    models.Func(Value("\n"), "title", "description", "place", "door", function="concat_ws"),
    Value(search.FULL),
    Value(search.HALF),
    function="translate",
    output_field=models.TextField(),
)


# When the clock of a case that ends first ends: resolving while somebody works on it, the stage it is in, neither while
# it is on hold. LEAST leaves out what is null; the index of open cases in this order is made of the same expression.
RUNS_UNTIL = Case(
    When(
        suspended_at__isnull=True,
        then=Least(Case(When(status__in=RUNNING, then=F("due_at"))), F("stage_due_at")),
    ),
    output_field=DateTimeField(),
)


class _Clocks(models.Func):
    """A condition on the clocks of a case at a moment, `{at}`, written out in SQL with the columns by name.

    Put together from lookups the same conditions take Django three milliseconds of every list, whose tabs are counted
    by them: as long as the database needs for all of it.
    """

    output_field = models.BooleanField()
    COLUMNS = ("status", "suspended_at", "due_at", "soon_at", "stage_due_at", "stage_soon_at")
    RUNS = f"{{status}} IN ({', '.join(repr(str(status)) for status in RUNNING)})"
    LATE = f"({{suspended_at}} IS NULL AND (({RUNS} AND {{due_at}} < {{at}}) OR {{stage_due_at}} < {{at}}))"
    SOON = (
        f"({{suspended_at}} IS NULL AND (({RUNS} AND {{soon_at}} <= {{at}} AND {{due_at}} >= {{at}})"
        f" OR ({{stage_soon_at}} <= {{at}} AND {{stage_due_at}} >= {{at}})) AND {LATE} IS NOT TRUE)"
    )

    def __init__(self, written: str, at: datetime) -> None:
        super().__init__(*(F(column) for column in self.COLUMNS))
        self.written, self.at = written, at

    def as_sql(self, compiler, connection, **_extra) -> tuple[str, list]:  # noqa: ARG002 (as Django calls it)
        columns = (compiler.compile(column)[0] for column in self.source_expressions)
        return self.written.format(**dict(zip(self.COLUMNS, columns, strict=True)), at="%s"), [
            self.at
        ] * self.written.count("{at}")


def is_late(at: datetime) -> Q:
    """Return the condition that a clock that runs, of resolving or of the stage, is past its limit at `at`."""
    return Q(_Clocks(_Clocks.LATE, at))


def is_soon(at: datetime) -> Q:
    """Return the condition that a clock that runs is past 80 % of its limit at `at`, and none is past all of it."""
    return Q(_Clocks(_Clocks.SOON, at))


# Which cases may be heard of next door, by people who may not see them: all but those told in private.
NEXT_DOOR = Q(is_private=False)


def _communities(user) -> set[str]:
    """Return the paths of the communities in which `user` files by a post in force, and where those lay before."""
    length = LEVEL_ORDER[Level.COMMUNITY] * SEGMENT
    filing = [post.unit for post in user.current_posts if post.unit and post.role in (*LEADER_ROLES, *DESK_ROLES)]
    return {path[:length] for unit in filing for path in unit.paths if len(path) >= length}


class GrievanceQuerySet(models.QuerySet):
    # What a list may know to be quicker, lost by whatever narrows further: the same cases for a plan without the
    # index of words (see `worded`), the days of reporting (first moment, moment after the last; either may be None)
    # that the cases were narrowed to, how to ask whether they are so few that all are read and then sorted, and whether
    # they lie in streets alone, where those that hold a word are few enough to be read by the words' index at once.
    walking: "GrievanceQuerySet | None" = None
    days: "tuple[datetime | None, datetime | None] | None" = None
    are_few: "Callable[[], bool]" = staticmethod(lambda: False)
    are_local = False

    def visible_to(self, user):
        """Return the cases `user` may see: filed in a subtree of a post, or in the hands of the person's agency.

        Scope is by the path a case was filed under. Nobody (None, anonymous, no post) sees nothing.
        """
        if user is None or not user.is_authenticated:
            return self.none()
        scope = scope_of(user)
        if user.is_superuser:
            return self
        condition = scope.units_q(field="unit_path")
        if scope.agency_ids:
            assignments = self.model._meta.get_field("assignments").related_model  # models import this module
            condition |= Exists(
                assignments.objects.filter(
                    grievance=OuterRef("pk"), agency_id__in=scope.agency_ids, ended_at__isnull=True
                )
            )
        return self.filter(condition)

    def near(self, user):
        """Return the open cases of the communities in which `user` files: known by title, category and neighbourhood.

        The only cases a person hears of without the right to see them, so that the same is joined and not filed again;
        their pages stay closed. `NEXT_DOOR` says which cases may be heard of.
        """
        if user is None or not user.is_authenticated or not user.is_active:
            return self.none()
        condition = Q(pk__in=[])
        for path in sorted(_communities(user)):
            condition |= subtree_q(path, field="unit_path")
        return self.live().filter(condition, NEXT_DOOR)

    def told_to(self, user):
        """Return the cases of which `user` is told what became of them, having joined them from next door."""
        return self.filter(NEXT_DOOR, joinings__joined_by=user)

    def joinable_by(self, user):
        """Return the cases `user` may ask to join: those to be seen, and open ones near by."""
        return self.filter(
            Exists(self.model.objects.visible_to(user).filter(pk=OuterRef("pk")))
            | Exists(self.model.objects.near(user).filter(pk=OuterRef("pk")))
        )

    def worded(self, query: search.Query, *, also: Iterable[str] = ()):
        """Return the cases that hold every word of `query`, or whose number begins as it says; none for an empty one.

        `also`: tsqueries (`search.below` …) that all cases of this queryset fulfil, if such are known; they only make
        finding quicker. Narrow first and ask for words last: a list reads `walking`, the same cases for a plan
        without the words' index.
        """
        if query.is_empty:
            return self.none()
        if query.number:
            return self.filter(number__startswith=query.number)
        sure = self._rechecked(query)
        found = sure.filter(Matches("search", query.tsquery(also)))
        found.walking = sure.filter(MatchesRow("search", query.tsquery()))
        return found

    def _rechecked(self, query: search.Query):
        """Keep what really holds the words that lexemes alone do not prove."""
        doubtful = [word for word in query.words if word.text]
        if not doubtful:
            return self
        doors = self.model._meta.get_field("household").related_model.objects.filter(pk=OuterRef("household_id"))
        found = self.alias(door=Subquery(doors.values("label"))).alias(folded=_FOLDED)
        for word in doubtful:
            contains = "icontains" if word.text.lower() != word.text.upper() else "contains"
            condition = Q()
            for column in ("title", "description", "place", "door"):
                condition |= Q(**{f"{column}__{contains}": word.text})
            condition |= Q(Matches("search", search.WIDE)) & Q(**{f"folded__{contains}": word.text})
            if word.number_end:
                condition |= Q(number__endswith=word.number_end)
            found = found.filter(condition)
        return found

    def below(self, unit):
        """Return the cases filed in the unit's subtree, also where it lay before it moved."""
        condition = subtree_q(unit.path, field="unit_path")
        for path in unit.former_paths:
            condition |= subtree_q(path, field="unit_path")
        return self.filter(condition)

    def live(self):
        """Return the cases somebody still has something to do for."""
        return self.filter(status__in=LIVE)

    def running(self):
        """Return the cases that run against their deadline: not waiting for the household, not suspended."""
        return self.filter(status__in=RUNNING, suspended_at__isnull=True)

    def overdue(self, *, at: datetime):
        """Return the running cases whose deadline has passed at `at`."""
        return self.running().filter(due_at__lt=at)

    def due_soon(self, *, at: datetime):
        """Return the running cases past 80 % of their limit and not past it at `at`."""
        return self.running().filter(soon_at__lte=at, due_at__gte=at)

    def late(self, *, at: datetime):
        """Return the open cases with any clock past its limit at `at`: what lists show in red."""
        return self.live().filter(is_late(at))

    def waiting_for(self, user):
        """Return the live cases in which it is `user`'s turn, from the posts in force."""
        if user is None or not user.is_authenticated:
            return self.none()
        return self.filter(self.turn_of(user))

    def turn_of(self, user) -> Q:
        """Return the condition that it is `user`'s turn, who is signed in."""
        agency_ids = scope_of(user).agency_ids
        unit_ids = [post.unit_id for post in user.current_posts if post.role in (*LEADER_ROLES, *DESK_ROLES)]
        turn = Q(
            status__in=(Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS),
            holder_unit_id__in=unit_ids,
            lead_agency__isnull=True,
        )
        turn |= Q(status__in=(Status.ASSIGNED, Status.IN_PROGRESS), lead_agency_id__in=agency_ids)
        extensions = self.model._meta.get_field("extensions").related_model
        asked = extensions.objects.filter(grievance=OuterRef("pk"), decided_at__isnull=True)
        if agency_ids:
            calls = self.model._meta.get_field("whistles").related_model._meta.get_field("calls").related_model
            called = calls.objects.open().filter(agency_id__in=agency_ids)
            turn |= Q(pk__in=called.values("whistle__grievance"), status__in=RUNNING)
        turn |= Q(Exists(asked), status=Status.IN_PROGRESS, holder_unit_id__in=unit_ids)
        return turn | Q(status__in=(Status.DISCOVERED, Status.RESOLVED), unit_id__in=unit_ids)

    def due_first(self):
        """Order by what is due first; cases without a running deadline come last."""
        return self.order_by(F("due_at").asc(nulls_last=True), "pk")

    def with_names(self):
        """Join what a list shows of each case, in the same statement."""
        return self.select_related("unit", "unit__parent", "category", "lead_agency", "holder_unit", "household")

    def for_lists(self):
        """Read what a row of a list shows and no long texts; the place's names are read once for all rows."""
        return self.select_related("category").defer("search", "description", "result", "token", "submission_id")


class AssignmentQuerySet(models.QuerySet):
    def in_force(self):
        """Return what is in the agencies' hands now."""
        return self.filter(ended_at__isnull=True)

    def helping(self):
        """Return the co-handlers in force."""
        return self.in_force().filter(is_lead=False)

    def passed_on(self):
        """Return what a lead agency handed back, or had taken from it for another."""
        return self.filter(Q(returned_at__isnull=False) | Q(reassigned_at__isnull=False), is_lead=True)


class WhistleCallQuerySet(models.QuerySet):
    def open(self):
        """Return the calls that wait for somebody to arrive."""
        return self.filter(closed_at__isnull=True)

    def late(self):
        """Return the calls that were answered past their limit, or that the sweep found past it."""
        return self.filter(Q(late_at__isnull=False) | Q(arrived_at__gt=F("due_at")))


class GrievanceManager(models.Manager.from_queryset(GrievanceQuerySet)):
    """Reads cases without their lexemes, which only the database has a use for."""

    def get_queryset(self):
        return super().get_queryset().defer("search")

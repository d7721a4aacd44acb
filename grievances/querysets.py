"""Set logic of the case. Every list, search and dashboard starts from `visible_to`."""

from datetime import datetime

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from grievances.choices import LIVE, RUNNING, Status
from linjiang.common.database import subtree_q
from orgs.choices import DESK_ROLES, LEADER_ROLES
from orgs.scopes import scope_of


class GrievanceQuerySet(models.QuerySet):
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

    def below(self, unit):
        """Return the cases filed in the unit's subtree."""
        return self.filter(subtree_q(unit.path, field="unit_path"))

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

    def waiting_for(self, user):
        """Return the live cases in which it is `user`'s turn, from the posts in force."""
        if user is None or not user.is_authenticated:
            return self.none()
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
        turn |= Q(Exists(asked), status=Status.IN_PROGRESS, holder_unit_id__in=unit_ids)
        turn |= Q(status__in=(Status.DISCOVERED, Status.RESOLVED), unit_id__in=unit_ids)
        return self.filter(turn)

    def due_first(self):
        """Order by what is due first; cases without a running deadline come last."""
        return self.order_by(F("due_at").asc(nulls_last=True), "pk")

    def with_names(self):
        """Join what a list shows of each case, in the same statement."""
        return self.select_related("unit", "unit__parent", "category", "lead_agency", "holder_unit", "household")

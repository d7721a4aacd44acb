"""Set logic of the organisation."""

from datetime import date

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Q

from linjiang.common.database import subtree_q
from orgs.choices import LEVEL_ORDER, Level
from orgs.tree import SEGMENT, ancestor_paths


class UnitQuerySet(models.QuerySet):
    def subtree(self, path: str):
        """Return the unit at `path` and all below it: one range scan of the path's index."""
        return self.filter(subtree_q(path))

    def ancestors(self, path: str, *, include_self: bool = False):
        """Return the units above `path`, top first."""
        paths = ancestor_paths(path, include_self=include_self)
        return self.filter(path__in=paths).order_by("path")

    def community_of(self, unit) -> int | None:
        """Return the key of the community that `unit` lies in today, None where there is none in use."""
        path = unit.path[: LEVEL_ORDER[Level.COMMUNITY] * SEGMENT]
        found = self.filter(path=path, level=Level.COMMUNITY, is_active=True)
        return found.values_list("pk", flat=True).first()

    def within(self, paths):
        """Return the units that lie in any of the subtrees `paths`; none for no paths."""
        if not paths:
            return self.none()
        scope = Q()
        for path in paths:
            scope |= subtree_q(path)
        return self.filter(scope)


class PostQuerySet(models.QuerySet):
    def current(self, *, on: date):
        """Return the posts in force on the day `on`: begun, not ended, and not past their term."""
        return self.filter(
            Q(until__isnull=True) | Q(until__gt=on),
            ended_at__isnull=True,
            since__lte=on,
        )


class UserManager(BaseUserManager):
    """Makes users who sign in with a phone number."""

    use_in_migrations = True

    def create_user(self, phone: str, password: str | None = None, **fields):
        """Create and return a user; without a password the account can not sign in until one is set."""
        if not phone:
            raise ValueError("a user needs a phone number")
        user = self.model(phone=phone, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, phone: str, password: str | None = None, **fields):
        """Create and return a superuser, for setting a machine up; daily work needs none."""
        fields.setdefault("name", phone)
        return self.create_user(phone, password, is_staff=True, is_superuser=True, **fields)

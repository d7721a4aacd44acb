"""People and the posts they hold: rights come from current posts alone."""

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from linjiang.common.clock import local_day, now
from linjiang.common.statements import Prepared
from orgs.choices import ADMIN_ROLES, DESK_ROLES, ElderSize, Role
from orgs.models.agencies import Agency
from orgs.models.units import Unit
from orgs.profile import profile
from orgs.querysets import PostQuerySet, UserManager


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with a phone number."""

    phone = models.CharField(_("phone number"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=64)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the desk"), default=False)
    is_system = models.BooleanField(_("automation"), default=False, editable=False)
    date_joined = models.DateTimeField(_("since"), auto_now_add=True)
    elder_size = models.PositiveSmallIntegerField(
        _("large print"), choices=ElderSize.choices, default=ElderSize.OFF, help_text=_("size of the letters in pixels")
    )
    last_login = None  # nobody's signing in is counted; without the column Django keeps its receiver away as well

    objects = UserManager()

    USERNAME_FIELD = "phone"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name or self.phone

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @cached_property
    def current_posts(self) -> tuple["Post", ...]:
        """The posts in force today with unit and agency, read once per request.

        A user object lives as long as its request, so an ended post has no effect from the next request on.
        """
        if not self.is_active or self.pk is None:
            return ()
        posts = _posts_of(self.pk, local_day(now()))
        for post in posts:
            post.user = self
        if any(post.agency_id for post in posts):  # few people work for an agency; the others are spared its joins
            models.prefetch_related_objects(posts, models.Prefetch("agency", Agency.objects.select_related("unit")))
        return tuple(posts)

    def holds(self, *roles: str) -> bool:
        """Say whether the person holds a current post in any of `roles`."""
        return any(post.role in roles for post in self.current_posts)

    @property
    def opens_desk(self) -> bool:
        """Whether the street desk (admin) is open to this person: a current desk or administrator post."""
        return self.is_superuser or self.holds(*DESK_ROLES, *ADMIN_ROLES, Role.SUPERVISOR)


class Post(models.Model):
    """A person holds a role at a unit (or agency) from a day to a day.

    In force from `since` (inclusive) until `ended_at` is set or the day `until` (exclusive) has come.
    A vacancy is a unit without a current post. An acting holder stands in beside or instead of the regular one.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="posts", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="posts", verbose_name=_("unit")
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="posts", verbose_name=_("agency")
    )
    acting = models.BooleanField(_("acting"), default=False)
    since = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True, help_text=_("first day no longer in office"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["-since", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="post_role_known"),
            models.CheckConstraint(
                condition=Q(role=Role.HANDLER, agency__isnull=False, unit__isnull=True)
                | (~Q(role=Role.HANDLER) & Q(agency__isnull=True, unit__isnull=False)),
                name="post_handler_at_agency_others_at_unit",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="post_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=["unit", "acting"],
                condition=Q(role=Role.CHIEF, ended_at__isnull=True),
                name="post_one_current_chief_per_neighbourhood",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "unit"],
                condition=Q(ended_at__isnull=True, unit__isnull=False),
                name="post_held_once_at_unit",
            ),
            models.UniqueConstraint(
                fields=["user", "agency"],
                condition=Q(ended_at__isnull=True, agency__isnull=False),
                name="post_held_once_at_agency",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "role"], condition=Q(ended_at__isnull=True), name="post_current_by_unit")
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.user}"

    @property
    def place(self) -> Unit | Agency:
        """The unit or the agency the post belongs to."""
        return self.unit or self.agency

    @property
    def title(self) -> str:
        """The role's title in the city's own words, marked when acting."""
        title = profile().role_title(self.role)
        return _("%(title)s (acting)") % {"title": title} if self.acting else title

    def in_force(self, *, on: date) -> bool:
        """Say whether the post gives its holder rights on the day `on`."""
        return self.ended_at is None and self.since <= on and (self.until is None or on < self.until)


_posts_of = Prepared(
    lambda user, day: Post.objects.current(on=day).filter(user_id=user).select_related("unit").order_by("pk"),
    -1,
    date.min,
)

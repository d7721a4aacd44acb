"""What the bars at the top and the bottom offer each person."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from grievances.pooling import POOL_ROLES
from linjiang.common.clock import now
from notifications.inbox import unread_count
from notifications.notices import WRITERS
from orgs.choices import CASE_ROLES, DESK_ROLES, LEADER_ROLES, Role
from orgs.models import User
from orgs.profile import profile
from orgs.seats import start_from_chosen

# Who gets cases to work on, besides desks and leaders.
_WORKERS = (Role.HANDLER, Role.SUPERVISOR, Role.OPERATOR)
# Who sees figures of the place they answer for, besides officials.
_ANSWERS_FOR_A_PLACE = (Role.GROUP_LEADER, Role.ZONE_LEADER, *DESK_ROLES, Role.SUPERVISOR)
# What a phone keeps before it is asked for. A notice's own page is not among it: to open it is to read it.
_KEPT = ("home", "households", "cases", "report", "outbox", "messages", "notices")
# Pages that belong to an entry although their address is another one.
_BELOW = {
    "cases": ("case", "case_action", "answer", "receipt", "contact"),
    "codes_overview": ("codes",),
    "households": ("household_add", "household"),
    "notices": ("notice", "notice_write"),
    "pool": ("cluster", "cluster_action"),
    "dashboard": ("unit_dashboard", "counted_cases"),
}


def navigation(request: HttpRequest) -> dict:
    """Context processor: the frame of the pages for the person signed in.

    Read only when a template draws it: at most two statements (posts, unread messages), none on public pages and
    on the desk, which has a frame of its own.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"place_name": profile().city_name}
    frame = _Frame(request, user)
    return {
        "nav_items": SimpleLazyObject(lambda: frame.items),
        "main_action": SimpleLazyObject(lambda: frame.main_action),
        "unread_count": SimpleLazyObject(lambda: frame.unread),
        "notices_url": SimpleLazyObject(lambda: frame.notices_url),
        "my_posts": SimpleLazyObject(lambda: frame.posts),
        "user_role": SimpleLazyObject(lambda: frame.titles),
        "place_name": SimpleLazyObject(lambda: frame.place),
        "kept_pages": " ".join(kept_pages()),
    }


def kept_pages() -> list[str]:
    """Return the addresses of the pages a phone keeps before they are opened."""
    return [reverse(name) for name in _KEPT]


def may_file(user: User) -> bool:
    """Say whether `user` files cases."""
    return user.holds(*LEADER_ROLES, *DESK_ROLES, Role.OPERATOR)


class _Frame:
    def __init__(self, request: HttpRequest, user: User) -> None:
        self.request, self.user = request, user
        match = request.resolver_match
        self.here = match.url_name if match else ""

    @cached_property
    def unread(self) -> int:
        return unread_count(self.user, now=now())

    @property
    def notices_url(self) -> str:
        """Where the bell in the top bar leads; empty while the messages have a place of their own at the bottom."""
        shown = [item["url"] for item in self.items[:4]]
        return "" if reverse("messages") in shown else reverse("messages")

    @cached_property
    def items(self) -> list[dict]:
        """The person's entries, what is needed most first: the phone shows four, the menu the rest."""
        user = self.user
        leads, works = user.holds(*LEADER_ROLES), user.holds(*DESK_ROLES, *_WORKERS)
        sees_cases = user.holds(*CASE_ROLES, Role.HANDLER) or user.is_superuser
        official = user.holds(Role.OFFICIAL)
        dashboard = ("dashboard", _("Dashboard"), "layout-dashboard")
        offers = [
            (leads, ("home", _("Home"), "house")),
            (works and not leads, ("inbox", _("Inbox"), "inbox")),
            (official and not leads and not works, dashboard),
            (sees_cases, ("cases", pgettext("navigation", "Cases"), "clipboard-list")),
            (user.holds(Role.CHIEF), ("households", pgettext("navigation", "Doors"), "users")),
            (True, ("messages", _("Messages"), "bell")),
            (works and leads, ("inbox", _("Inbox"), "inbox")),
            (user.opens_desk, ("admin:index", _("Street desk"), "landmark")),
            (user.holds(*DESK_ROLES), ("codes_overview", _("Door codes"), "qr-code")),
            ((official and (leads or works)) or user.holds(*_ANSWERS_FOR_A_PLACE) or user.is_superuser, dashboard),
            (user.holds(*POOL_ROLES) or user.is_superuser, ("pool", _("Problem pool"), "copy")),
            (leads or user.holds(*WRITERS), ("notices", _("Notices"), "file-text")),
        ]
        return [self._item(*entry) for offered, entry in offers if offered]

    def _item(self, name: str, label: str, icon: str) -> dict:
        return {
            "url": reverse(name),
            "label": label,
            "icon": icon,
            "active": self.here == name or self.here in _BELOW.get(name, ()),
            "count": self.unread if name == "messages" else None,
        }

    @property
    def main_action(self) -> dict | None:
        if not may_file(self.user) or self.here in {"report", "answer"}:
            return None
        return {"url": reverse("report"), "label": _("Report"), "icon": "plus"}

    @property
    def posts(self) -> list[dict]:
        """The posts to choose from, in the order they were given; none for who holds only one."""
        first = start_from_chosen(self.request) or next(iter(self.user.current_posts), None)
        posts = sorted(self.user.current_posts, key=lambda post: post.pk)
        return [
            {"pk": post.pk, "title": post.title, "place": post.place.name, "chosen": post is first} for post in posts
        ] * (len(posts) > 1)

    @property
    def titles(self) -> str:
        return " · ".join(dict.fromkeys(post.title for post in self.user.current_posts))

    @property
    def place(self) -> str:
        start_from_chosen(self.request)
        places = list(dict.fromkeys(post.place.name for post in self.user.current_posts))
        return places[0] if places else profile().city_name

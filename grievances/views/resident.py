"""The household's own page: no account, an address nobody can guess."""

from axes.helpers import get_client_ip_address
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grievances.choices import LIVE, Action, Rating, Source, Standing, Status
from grievances.forms.door import MorePhotosForm
from grievances.forms.resident import RATING_ICONS, RESOLVED_ICONS, ResidentForm
from grievances.models import Attachment, Grievance, GrievanceEvent
from grievances.policies import decide
from grievances.services.feedback import rate_by_link
from grievances.services.joining import join_as_visitor
from grievances.services.remarks import add_photo
from grievances.views.photos import photo_response
from grievances.views.visitors import remember_visitor, told_here, visitor_of
from linjiang.common.clock import now
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from linjiang.common.templatetags.lj import cn_date
from linjiang.common.text import in_my_language
from linjiang.common.throttle import within_limit
from orgs.models import Unit
from orgs.profile import profile
from orgs.services.system import system_user

TRIES_PER_LINK = 10
TRIES_PER_ADDRESS = 40  # neighbours behind one router share an address
HOUR = 3600
_LONGEST_CHAIN = 5  # a case joined with one that was itself joined later
_SHOWS_PHOTOS = (Action.RESOLVE, Action.RESOLVE_ON_SPOT)
_SHOWS_NOTE = (*_SHOWS_PHOTOS, Action.COMMENT, Action.FEEDBACK, Action.RATE_LATER)
_ICONS = {
    Action.DISCOVER: "eye",
    Action.REPORT: "send",
    Action.ASSIGN: "user-check",
    Action.REASSIGN: "user-check",
    Action.ACKNOWLEDGE: "hourglass",
    Action.SETTLE_HERE: "hourglass",
    Action.RESOLVE: "circle-check",
    Action.RESOLVE_ON_SPOT: "circle-check",
    Action.FEEDBACK: "message-circle",
    Action.RATE_LATER: "message-circle",
    Action.CLOSE_UNANSWERED: "check-check",
    Action.REOPEN: "rotate-ccw",
    Action.COMMENT: "message-square",
    Action.ADD_PHOTO: "camera",
    Action.SUSPEND: "circle-pause",
    Action.RESUME: "circle-play",
    Action.REJECT: "ban",
    Action.WITHDRAW: "undo-2",
    Action.MERGE: "merge",
    Action.JOIN: "user-plus",
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resident(request: HttpRequest, token: str) -> HttpResponse:
    """Show how the case stands and take the household's one rating of each result; staff cannot give it."""
    case = case_by_link(token)
    if request.method != "POST":
        return _page(request, case, ResidentForm(initial={"round": case.round}))
    if request.user.is_authenticated:
        raise NotAllowed(_("Only the household itself answers here. Please sign out and hand over the link."))
    form = ResidentForm(request.POST)
    address = get_client_ip_address(request) or ""
    if not (
        within_limit("rate-link", token, limit=TRIES_PER_LINK, seconds=HOUR)
        and within_limit("rate-address", address, limit=TRIES_PER_ADDRESS, seconds=HOUR)
    ):
        form.is_valid()
        form.add_error(None, _("Too many tries in a short time. Please wait an hour, then send it once more."))
        return _page(request, case, form, status=429)
    if not form.is_valid():
        return _page(request, case, form, status=422)
    given = dict(form.cleaned_data)
    if given.pop("round") != case.round:
        return _page(request, case, None, status=409, problem=_("You have rated this result already. Thank you."))
    try:
        rate_by_link(token=token, now=now(), **given)
    except InvalidInput as error:
        for name, message in error.errors.items():
            form.add_error(name if name in form.fields else None, message)
        return _page(request, case, form, status=422)
    except (Conflict, NotAllowed) as error:
        return _page(request, case_by_link(token), None, status=409, problem=error.message)
    return redirect(f"{reverse('resident', args=[token])}?thanks=1#content")


@never_cache
@require_POST
def me_too(request: HttpRequest, token: str) -> HttpResponse:
    """Count a neighbour who has the same problem, once per browser; never who told it."""
    case = case_by_link(token)
    if problem := _too_many(request, token) or ("" if _may_join(request, case) else _("You are counted already.")):
        return _page(request, case, ResidentForm(initial={"round": case.round}), status=409, problem=problem)
    response = redirect(f"{reverse('resident', args=[token])}?joined=1#content")
    try:
        join_as_visitor(grievance=case, visitor=remember_visitor(request, response), now=now())
    except (Conflict, NotAllowed) as error:
        return _page(request, case_by_link(token), None, status=409, problem=error.message)
    return response


@never_cache
@require_POST
def more_photos(request: HttpRequest, token: str) -> HttpResponse:
    """Take further photos of the problem while the case is open."""
    case, form = case_by_link(token), MorePhotosForm(request.POST, request.FILES)
    problem = _too_many(request, token)
    if request.user.is_authenticated:
        problem = _("You are signed in as staff: please add photos from the case itself.")
    if not problem and not form.is_valid():
        problem = " ".join(form.errors["photos"])
    if not problem:
        try:
            add_photo(
                actor=system_user(),
                grievance=case,
                photos=form.cleaned_data["photos"],
                now=now(),
                by_resident=True,
            )
            return redirect(f"{reverse('resident', args=[token])}?added=1#content")
        except InvalidInput as error:
            problem = " ".join(str(message) for message in error.errors.values())
        except (Conflict, NotAllowed) as error:
            problem = error.message
    return _page(request, case, ResidentForm(initial={"round": case.round}), status=422, problem=problem)


def _too_many(request: HttpRequest, token: str) -> str:
    address = get_client_ip_address(request) or ""
    if within_limit("link", token, limit=TRIES_PER_LINK, seconds=HOUR) and within_limit(
        "link-address", address, limit=TRIES_PER_ADDRESS, seconds=HOUR
    ):
        return ""
    return _("Too many tries in a short time. Please wait an hour, then send it once more.")


def _may_join(request: HttpRequest, case: Grievance) -> bool:
    """Say whether this browser may say "me too": an open case that is not private, not its own, not joined yet."""
    if case.status not in LIVE or case.is_private or request.user.is_authenticated or told_here(request, case):
        return False
    visitor = visitor_of(request)
    return not (visitor and case.joinings.filter(visitor=visitor).exists())


@require_safe
def photo(request: HttpRequest, token: str, uuid, size: str) -> HttpResponse:
    """Serve a photo of what was done; photos of the problem itself may show other people and stay inside."""
    shown = Attachment.objects.filter(
        grievance=case_by_link(token), event__action__in=_SHOWS_PHOTOS, event__is_public=True
    )
    return sealed(photo_response(get_object_or_404(shown, uuid=uuid), size, request=request))


def case_by_link(token: str) -> Grievance:
    """Return the case whose link holds `token`; raise Http404 for a guess."""
    found = Grievance.objects.with_names().filter(token=token).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, case: Grievance, form: ResidentForm | None, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    rated = case.feedback.filter(round=case.round, by=Standing.RESIDENT).exists()
    open_for_rating = _open_for_rating(case) and not rated and form is not None
    is_staff = request.user.is_authenticated
    events = _events(case, request.resolver_match.kwargs["token"])
    done = next((event for event in events if event["photos"]), None)
    context = {
        "case": case,
        "result_photos": done.pop("photos") if done else [],
        "place_name": _place(case),
        "stands": _stands(case),
        "events": events,
        "form": form if open_for_rating and not is_staff else None,
        "staff": is_staff and open_for_rating,
        "rated": rated and not problem,
        "thanks": "thanks" in request.GET and not problem and request.method == "GET",
        "problem": problem,
        "rating_word": Rating(case.rating).label if case.rating else "",
        "rating_icons": RATING_ICONS,
        "resolved_icons": RESOLVED_ICONS,
        "notice": _notice(case, rated),
        "may_join": _may_join(request, case),
        "more_photos": MorePhotosForm() if case.status in LIVE and not is_staff else None,
        "joined_now": "joined" in request.GET and request.method == "GET",
        "added_now": "added" in request.GET and request.method == "GET",
        "near_id": Unit.objects.community_of(case.unit),
        **_joined(case),
    }
    return sealed(render(request, "grievances/resident.html", context, status=status))


def sealed(response: HttpResponse) -> HttpResponse:
    """Keep the address, which is the key, out of search engines and of other sites.

    `same-origin`, not `no-referrer`: with the latter browsers send forms with "Origin: null", which the protection
    against forged forms must refuse. Neither lets another site see the address.
    """
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "same-origin"
    return response


def _open_for_rating(case: Grievance) -> bool:
    if case.status == Status.RESOLVED:
        return True
    return case.status == Status.CLOSED and bool(
        decide(system_user(), Action.RATE_LATER, case, at=now(), by_resident=True)
    )


def _place(case: Grievance) -> str:
    return f"{profile().city_name} {case.unit_name}"


def _handler(case: Grievance) -> str:
    place = case.lead_agency or case.holder_unit
    return place.name if place else ""


def _stands(case: Grievance) -> str:
    """Say in one sentence where the case is and by when something happens."""
    who, day = _handler(case), cn_date(case.due_at)
    if case.due_provisional and case.due_at:
        day = _("about %(day)s") % {"day": day}
    if case.suspended:
        return _("On hold for now; it will be looked at again on %(day)s.") % {"day": cn_date(case.review_on)}
    if case.status in (Status.ASSIGNED, Status.IN_PROGRESS) and case.due_at and case.due_at < now():
        return _("With %(who)s. It should have been done by %(day)s; the reminder has gone out.") % {
            "who": who,
            "day": day,
        }
    found = _("Your neighbour chief has seen it and will pass it on.")
    if case.source == Source.RESIDENT:
        found = _("Your neighbour chief has been told. If nobody takes it up within a day, it is passed on by itself.")
    sentences = {
        Status.DISCOVERED: found,
        Status.REPORTED: _("It has reached %(who)s, who decides what happens next."),
        Status.ASSIGNED: _("It was given to %(who)s, to be done by %(day)s."),
        Status.IN_PROGRESS: _("%(who)s is working on it, to be done by %(day)s."),
        Status.RESOLVED: _("It is said to be solved. Please tell us whether it really is."),
        Status.CLOSED: _("It is closed."),
        Status.REJECTED: _("It could not be accepted. Your neighbour chief can tell you why and what else may help."),
        Status.WITHDRAWN: _("It was taken back."),
        Status.MERGED: _("The same problem was reported before; it is handled there."),
    }
    return sentences[Status(case.status)] % {"who": who, "day": day}


def _joined(case: Grievance) -> dict[str, str]:
    """Say how the case stands that this one was joined with, and what was done when it is closed.

    The other household stays unnamed: no door, number, title, words or address of its case.
    """
    other = case if case.status == Status.MERGED else None
    for _turn in range(_LONGEST_CHAIN):
        if other is None or other.status != Status.MERGED or other.merged_into_id is None:
            break
        other = Grievance.objects.with_names().filter(pk=other.merged_into_id).first()
    if other is None or other.status == Status.MERGED:
        return {}
    if other.status == Status.RESOLVED:
        return {"joined_stands": _("The work is said to be done; who reported it first is being asked.")}
    return {"joined_stands": _stands(other), "joined_result": other.result if other.status == Status.CLOSED else ""}


def _notice(case: Grievance, rated: bool) -> str:
    """Say when the rating opens, or that it was given."""
    if rated:
        return _("You have rated this result. Thank you.")
    if case.status in (Status.DISCOVERED, Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS):
        if case.reopened_count:
            return _("You said it was not solved, so it is being done again. You can rate the new result here.")
        return _("When it is done, you can say here whether it really is.")
    return ""


def _events(case: Grievance, token: str) -> list[dict]:
    """Return what may be shown, newest first: what was done and by which office, never by whom."""
    photos: dict[int, list[dict]] = {}
    for attachment in Attachment.objects.filter(grievance=case, event__action__in=_SHOWS_PHOTOS):
        url, small = (reverse("resident_photo", args=[token, attachment.uuid, size]) for size in ("full", "small"))
        photos.setdefault(attachment.event_id, []).append({"url": url, "thumb_url": small})
    shown = case.events.filter(is_public=True, action__in=list(_ICONS)).order_by("-at", "-pk")
    return [
        {
            "at": event.at,
            "title": _title(event),
            "note": event.note if event.action in _SHOWS_NOTE else "",
            "icon": _ICONS[Action(event.action)],
            "photos": photos.get(event.pk, []),
        }
        for event in shown
    ]


def _title(event: GrievanceEvent) -> str:
    """Put a step into words a villager uses. Offices are named, people are not."""
    data = event.data
    words = {
        Action.DISCOVER: _("Written down"),
        Action.REPORT: _("Reported to %(to)s"),
        Action.ASSIGN: _("Given to %(agency)s"),
        Action.REASSIGN: _("Given to %(agency)s"),
        Action.ACKNOWLEDGE: _("%(agency)s has taken it on"),
        Action.SETTLE_HERE: _("%(to)s is seeing to it"),
        Action.RESOLVE: _("Done by %(agency)s"),
        Action.RESOLVE_ON_SPOT: _("Solved on the spot"),
        Action.FEEDBACK: _("Answered: %(rating)s"),
        Action.RATE_LATER: _("Answered: %(rating)s"),
        Action.CLOSE_UNANSWERED: _("Closed: nobody could be reached"),
        Action.REOPEN: _("Opened again"),
        Action.COMMENT: _("Note"),
        Action.ADD_PHOTO: _("Photos were added"),
        Action.SUSPEND: _("On hold: %(reason)s"),
        Action.RESUME: _("Work goes on"),
        Action.REJECT: _("Not accepted: %(reason)s"),
        Action.WITHDRAW: _("Taken back"),
        Action.MERGE: _("Joined with a report of the same problem"),
        Action.JOIN: _("Somebody else has the same problem"),
    }
    rating = data.get("rating")
    if data.get("said_resolved") is False and rating in Rating.values:
        return _("Answered: %(rating)s, not solved yet") % {"rating": Rating(rating).label}
    return words[Action(event.action)] % {
        "to": data.get("to", ""),
        "agency": data.get("agency", ""),
        "reason": in_my_language(data.get("reason_name", "")),
        "rating": Rating(rating).label if rating in Rating.values else "",
    }

"""The roster at the desk: upload, look at what it would do, apply it; the file waits between the two steps."""

import contextlib
import secrets
from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linjiang.common.clock import now
from linjiang.common.errors import LinjiangError
from linjiang.desk import put_on_form
from orgs.admin.scoping import may
from orgs.profile import profile
from orgs.services.roster import IMPORT_ROLES, InvalidRoster, RosterPreview, apply_roster, preview_roster
from orgs.services.roster_plan import Outcome
from orgs.services.roster_template import roster_template

MAX_BYTES = 10 * 1024 * 1024
WAITS = timedelta(hours=2)
SHOWN = 300
_KEY = "roster_upload"
_APPLIED = "roster_applied"
_FOLDER = "rosters"  # beside the photos, never served by address
OUTCOMES = {
    Outcome.NEW: _("new chief"),
    Outcome.CHANGED: _("changed"),
    Outcome.HANDED_OVER: _("handed over"),
    Outcome.UNCHANGED: _("unchanged"),
}
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class RosterForm(forms.Form):
    """A workbook as town offices keep it."""

    file = forms.FileField(
        label=_("Roster (Excel)"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods"}),
        help_text=_("One row per chief. Columns are found by their heads, in any order; blanks mean “as above”."),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB. Please split it by community."))
        return file


def page(admin, request: HttpRequest) -> HttpResponse:
    """Take an upload and show its preview; nothing is changed yet."""
    admin.require(may(request.user, *IMPORT_ROLES))
    status, preview = 200, None
    form = RosterForm(request.POST or None, request.FILES or None) if request.method == "POST" else RosterForm()
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                preview = preview_roster(actor=request.user, file=form.cleaned_data["file"])
                _keep(request, form.cleaned_data["file"])
                status = 200
            except LinjiangError as error:
                status = error.status
                put_on_form(form, error)
    return _show(admin, request, form=form, preview=preview, status=status)


def apply(admin, request: HttpRequest) -> HttpResponse:
    """Apply the roster that was looked at; a file that waited too long has to be chosen again."""
    admin.require(may(request.user, *IMPORT_ROLES))
    address = reverse("admin:orgs_roster")
    if request.method != "POST":
        return HttpResponseRedirect(address)
    waiting = request.session.get(_KEY) or {}
    if request.POST.get("token") and request.POST["token"] == request.session.get(_APPLIED):
        messages.info(request, gettext("This roster is already applied; nothing was left to change."))
        return HttpResponseRedirect(admin.list_url)
    if not _is_fresh(waiting) or request.POST.get("token") != waiting.get("token"):
        messages.error(request, gettext("The uploaded file is no longer there. Please choose it once more."))
        return HttpResponseRedirect(address)
    try:
        with default_storage.open(waiting["file"], "rb") as file:
            done = apply_roster(actor=request.user, file=file)
    except FileNotFoundError:
        messages.error(request, gettext("The uploaded file is no longer there. Please choose it once more."))
        return HttpResponseRedirect(address)
    except LinjiangError as error:
        form = RosterForm({})
        form.full_clean()
        form.errors.clear()
        form.add_error(None, str(error.message))
        preview = error.preview if isinstance(error, InvalidRoster) else None
        return _show(admin, request, form=form, preview=preview, status=error.status)
    forget(request)
    request.session[_APPLIED] = waiting["token"]
    if done.is_idle:
        messages.info(request, gettext("This roster is already applied; nothing was left to change."))
        return HttpResponseRedirect(admin.list_url)
    messages.success(
        request,
        gettext("The roster is applied: %(new)s new, %(changed)s changed, %(over)s handed over, %(same)s unchanged.")
        % {"new": done.new, "changed": done.changed, "over": done.handed_over, "same": done.unchanged},
    )
    return HttpResponseRedirect(admin.list_url)


def template(admin, request: HttpRequest) -> HttpResponse:
    """Hand out an empty roster to fill in."""
    admin.require(may(request.user, *IMPORT_ROLES))
    response = HttpResponse(roster_template(), content_type=_SPREADSHEET)
    response["Content-Disposition"] = 'attachment; filename="roster.xlsx"'
    return response


def forget(request: HttpRequest) -> None:
    """Delete the waiting file of this session, if there is one."""
    waiting = request.session.pop(_KEY, None)
    if waiting:
        with contextlib.suppress(FileNotFoundError):
            default_storage.delete(waiting["file"])


def _keep(request: HttpRequest, file) -> None:
    forget(request)
    _clear_old()
    token = secrets.token_urlsafe(16)
    file.seek(0)
    name = default_storage.save(f"{_FOLDER}/{token}", file)
    request.session[_KEY] = {"token": token, "file": name, "name": file.name[:120], "at": now().isoformat()}


def _clear_old() -> None:
    """Delete what nobody came back for: names and numbers are kept no longer than needed."""
    with contextlib.suppress(FileNotFoundError):
        for name in default_storage.listdir(_FOLDER)[1]:
            if default_storage.get_modified_time(f"{_FOLDER}/{name}") < now() - WAITS:
                default_storage.delete(f"{_FOLDER}/{name}")


def _is_fresh(waiting: dict) -> bool:
    at = parse_datetime(waiting.get("at", ""))
    return isinstance(at, datetime) and now() - at < WAITS


def _show(admin, request: HttpRequest, *, form, preview: RosterPreview | None, status: int) -> HttpResponse:
    waiting = request.session.get(_KEY) or {}
    return admin.page(
        request,
        "desk/roster.html",
        title=gettext("Roster of neighbour chiefs"),
        status=status,
        form=form,
        preview=preview,
        levels=[(profile().level_name(level), count) for level, count in (preview.units if preview else {}).items()],
        bad=preview.bad[:SHOWN] if preview else (),
        warnings=preview.warnings[:SHOWN] if preview else (),
        changes=[(change, OUTCOMES[change.outcome]) for change in preview.changes[:SHOWN]] if preview else (),
        shown=SHOWN,
        file_name=waiting.get("name", ""),
        token=waiting.get("token", ""),
        back_url=admin.list_url,
    )

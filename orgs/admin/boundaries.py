"""Areas on the map at the desk: upload a GeoJSON, look at what matches, import; the file waits between the steps."""

import contextlib
import secrets
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linjiang.common import clock
from linjiang.common.errors import LinjiangError
from linjiang.desk import put_on_form
from orgs.admin.scoping import may
from orgs.choices import Datum
from orgs.services.boundaries import CODE, IMPORT_ROLES, MAX_BYTES, NAME, Plan, import_boundaries, preview_boundaries

SHOWN = 300
_WAITS = timedelta(hours=2)
_KEY = "boundaries_upload"
_FOLDER = "boundaries"  # beside the photos, never served by address


class BoundariesForm(forms.Form):
    """A GeoJSON file, what its positions are in, and how its areas find their units."""

    file = forms.FileField(
        label=_("Areas (GeoJSON)"),
        widget=forms.FileInput(attrs={"accept": ".geojson,.json"}),
        help_text=_("A FeatureCollection of Polygon or MultiPolygon, at most 20 MB, in UTF-8."),
    )
    datum = forms.ChoiceField(
        label=_("Datum of the file"),
        choices=[("", _("please choose")), *Datum.choices],
        help_text=_("Ask whoever gave you the file. Areas drawn on a commercial map are usually in GCJ-02."),
    )
    match = forms.ChoiceField(
        label=_("Areas find their units by"),
        choices=[(CODE, _("division code (property “code”)")), (NAME, _("name and parent (“name”, “parent”)"))],
        initial=CODE,
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB. Please split it, or simplify the areas."))
        return file


def page(admin, request: HttpRequest) -> HttpResponse:
    """Take an upload and show what it would do; nothing is changed yet."""
    admin.require(may(request.user, *IMPORT_ROLES))
    if request.method != "POST":
        return _show(admin, request, form=BoundariesForm())
    form, plan, status = BoundariesForm(request.POST, request.FILES), None, 400
    if form.is_valid():
        given = form.cleaned_data
        raw = given["file"].read()
        try:
            plan = preview_boundaries(actor=request.user, raw=raw, datum=given["datum"], match=given["match"])
            status = 200
            _keep(request, raw, name=given["file"].name, datum=given["datum"], match=given["match"])
        except LinjiangError as error:
            status = error.status
            put_on_form(form, error)
    return _show(admin, request, form=form, plan=plan, status=status)


def apply(admin, request: HttpRequest) -> HttpResponse:
    """Import the file that was looked at; one that waited too long has to be chosen again."""
    admin.require(may(request.user, *IMPORT_ROLES))
    address = reverse("admin:orgs_boundaries")
    waiting = request.session.get(_KEY) or {}
    if request.method != "POST" or not waiting or request.POST.get("token") != waiting["token"]:
        if request.method == "POST":
            messages.error(request, gettext("The uploaded file is no longer there. Please choose it once more."))
        return HttpResponseRedirect(address)
    try:
        with default_storage.open(waiting["file"], "rb") as file:
            raw = file.read()
        how = {name: waiting[name] for name in ("datum", "match")}
        plan = import_boundaries(actor=request.user, raw=raw, source=waiting["name"], now=clock.now(), **how)
    except FileNotFoundError:
        messages.error(request, gettext("The uploaded file is no longer there. Please choose it once more."))
        return HttpResponseRedirect(address)
    except LinjiangError as error:
        messages.error(request, str(error.message))
        return HttpResponseRedirect(address)
    _forget(request)
    words = gettext("The areas are imported: %(new)s new, %(replaced)s replaced, %(left)s left out.")
    messages.success(request, words % {"new": plan.new, "replaced": plan.replaced, "left": len(plan.unmatched)})
    return HttpResponseRedirect(address)


def _keep(request: HttpRequest, raw: bytes, **about: str) -> None:
    _forget(request)
    _clear_old()
    token = secrets.token_urlsafe(16)
    about["name"] = about["name"][:120]
    name = default_storage.save(f"{_FOLDER}/{token}", ContentFile(raw))
    request.session[_KEY] = {"token": token, "file": name, **about}


def _forget(request: HttpRequest) -> None:
    if waiting := request.session.pop(_KEY, None):
        with contextlib.suppress(FileNotFoundError):
            default_storage.delete(waiting["file"])


def _clear_old() -> None:
    """Delete what nobody came back for."""
    with contextlib.suppress(FileNotFoundError):
        for name in default_storage.listdir(_FOLDER)[1]:
            if default_storage.get_modified_time(f"{_FOLDER}/{name}") < clock.now() - _WAITS:
                default_storage.delete(f"{_FOLDER}/{name}")


def _show(admin, request: HttpRequest, *, form: BoundariesForm, plan: Plan | None = None, status: int = 200):
    waiting = request.session.get(_KEY) or {}
    return admin.page(
        request,
        "desk/boundaries.html",
        title=gettext("Areas on the map"),
        status=status,
        form=form,
        plan=plan,
        matched=plan.matched[:SHOWN] if plan else (),
        unmatched=plan.unmatched[:SHOWN] if plan else (),
        shown=SHOWN,
        file_name=waiting.get("name", ""),
        token=waiting.get("token", ""),
        back_url=admin.list_url,
    )

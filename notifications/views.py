"""Pages of the notices from above: the list, one, writing and withdrawing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from linjiang.common.clock import now
from linjiang.common.errors import InvalidInput, NotAllowed
from notifications.forms import NoticeForm
from notifications.notices import (
    count_of,
    notices_by,
    notices_for,
    notices_in_force,
    progress_of,
    read_notice,
    withdraw_notice,
    write_notice,
    writing_units,
)

SHOWN = 30
UNPROCESSABLE = 422


@login_required
@never_cache
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """Show what was written to the person, unread first, and what the person's own unit has written."""
    writes = bool(writing_units(request.user))
    written = list(notices_by(request.user)[:SHOWN]) if writes else []
    context = {
        "notices": list(notices_in_force(request.user, now=now())[:SHOWN]),
        "writes": writes,
        "written": [{"notice": one, "count": count_of(one)} for one in written],
    }
    return render(request, "notifications/notices.html", context)


@login_required
@never_cache
@require_GET
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one notice; opening it is reading it. Only for whom it is written to and the unit that wrote it."""
    mine = notices_by(request.user).filter(pk=pk).first() if writing_units(request.user) else None
    to_me = notices_for(request.user).filter(pk=pk).first()
    shown = mine or to_me
    if shown is None:
        raise Http404
    if to_me and not to_me.is_read and to_me.withdrawn_at is None:
        read_notice(actor=request.user, notice=to_me)
    context = {
        "notice": shown,
        "is_mine": mine is not None,
        "count": count_of(mine) if mine else None,
        "progress": progress_of(mine) if mine else None,
    }
    return render(request, "notifications/notice.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """Write a notice to the people below one's own unit."""
    units = writing_units(request.user)
    if not units:
        raise NotAllowed(_("Notices are written by officials, community and street staff, for their own unit."))
    form = NoticeForm(request.POST or None, units=units)
    if request.method == "POST" and form.is_valid():
        given = {"unit": units[0], **form.cleaned_data}
        try:
            written = write_notice(actor=request.user, now=now(), **given)
        except InvalidInput as error:
            for field, words in error.errors.items():
                form.add_error(field if field in form.fields else None, words)
        else:
            messages.success(request, _("The notice is out."))
            return redirect("notice", pk=written.pk)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "notifications/notice_form.html", {"form": form, "units": units}, status=status)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a notice of one's own unit; anybody else's is not there."""
    found = get_object_or_404(notices_by(request.user), pk=pk) if writing_units(request.user) else None
    if found is None:
        raise Http404
    withdraw_notice(actor=request.user, now=now(), notice=found)
    messages.success(request, _("The notice is withdrawn."))
    return redirect("notices")

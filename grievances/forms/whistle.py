"""Fields of calling agencies to the spot: where, until when, and which of them need not come."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _

from grievances.joint import open_calls
from grievances.services.whistles import FURTHEST, PLACE_LENGTH, arrive_by
from linjiang.common.templatetags.lj import cn_datetime

_MINUTE = "%Y-%m-%dT%H:%M"


def _place(form) -> forms.Field:
    return forms.CharField(
        label=_("Where do they meet?"),
        max_length=PLACE_LENGTH,
        initial=(form.case.place or str(form.case.unit))[:PLACE_LENGTH],
    )


def _meet_at(form) -> forms.Field:
    usual = cn_datetime(arrive_by(form.case, now=form.now))
    last = form.now + FURTHEST
    limits = {"min": _local(form.now), "max": _local(last)}
    return forms.DateTimeField(
        label=_("By when?"),
        required=False,
        help_text=_("Left empty it is %(when)s, as the limit says.") % {"when": usual},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", **limits}, format=_MINUTE),
        validators=[
            MinValueValidator(form.now, message=_("Choose a time to come.")),
            MaxValueValidator(last, message=_("Choose a time within %(count)s days.") % {"count": FURTHEST.days}),
        ],
    )


def _local(moment) -> str:
    return timezone.localtime(moment).strftime(_MINUTE)


def _calls(form) -> dict[str, forms.Field]:
    """Let one choose where several are waited for; none is chosen beforehand."""
    offered = {str(call.pk): call for call in open_calls(form.case)}
    if len(offered) < 2:
        return {}
    field = forms.TypedMultipleChoiceField(
        label=_("Who need not come?"),
        choices=[(key, call.agency.name) for key, call in offered.items()],
        coerce=offered.__getitem__,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Please choose at least one agency."),
            "invalid_choice": _("Please choose from the agencies that are waited for."),
        },
    )
    return {"calls": field}


BUILDERS = {"place": _place, "meet_at": _meet_at, "calls": _calls}

"""One form for every step of a case, put together from the fields the step's verb takes."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances import pending, similar
from grievances.choices import Action, Counts, Rating, Side, Urgency
from grievances.filters import CategoryChoice
from grievances.forms import agencies, whistle
from grievances.forms.fields import PhotosChoice, PhotosField
from grievances.models import Grievance, Reason
from grievances.policies import CARDS_OF
from grievances.services.publishing import MOST_PHOTOS, TEXT_LENGTH, TITLE_LENGTH
from grievances.services.verbs import FIELDS
from grievances.workflow import TABLE, Transition
from linjiang.common.clock import local_day
from linjiang.common.text import clean
from orgs import tree
from orgs.holders import people_at_units
from orgs.models import Unit, User
from orgs.profile import profile

NOTE_LENGTH = 2000
LONGEST_HOLD = timedelta(days=366)
RATING_ICONS = "laugh smile meh annoyed frown"

_NOTE_LABELS = {
    Action.COMMENT: gettext_lazy("Remark"),
    Action.RECORD_CALLBACK: gettext_lazy("When you called, and what came of it"),
    Action.APPEAL: gettext_lazy("Why should it be looked at again?"),
    Action.REFUSE_EXTENSION: gettext_lazy("Why is there no more time?"),
    Action.REFUSE_SUSPENSION: gettext_lazy("Why must it go on?"),
    Action.ASK_SUSPENSION: gettext_lazy("What is it waiting for?"),
    Action.ANSWER_CARD: gettext_lazy("What went wrong, and what do you change?"),
    Action.WITHDRAW_CARD: gettext_lazy("Why should it not have been shown?"),
    Action.YELLOW_CARD: gettext_lazy("What is the card for?"),
    Action.RED_CARD: gettext_lazy("What is the card for?"),
    Action.ASSIGN: gettext_lazy("What should they know?"),
    Action.REASSIGN: gettext_lazy("What should they know?"),
    Action.REFER_UP: gettext_lazy("What should they know?"),
    Action.REFER_DOWN: gettext_lazy("What should they know?"),
    Action.REJECT: gettext_lazy("What should who filed it be told?"),
    Action.BLOW_WHISTLE: gettext_lazy("What is to be done together?"),
    Action.RELEASE_CALL: gettext_lazy("Why need they not come?"),
    Action.RECORD_JOINT: gettext_lazy("What was agreed? Who does what, by when?"),
    Action.ADD_CO_HANDLER: gettext_lazy("What should they help with?"),
    Action.RELEASE_CO_HANDLER: gettext_lazy("Why is their help not needed any more?"),
    Action.REPORT_PART: gettext_lazy("What did you do of it?"),
    Action.INTERNAL_NOTE: gettext_lazy("What should colleagues know?"),
}


class ActionForm(forms.Form):
    """The form of `action` on one case. `arguments()` gives what `services.verbs.perform` takes.

    `version` is the state of the case the person was looking at when the form was opened.
    """

    version = forms.IntegerField(
        widget=forms.HiddenInput, validators=[MinValueValidator(1), MaxValueValidator(2**31 - 1)]
    )

    def __init__(self, *args, action: Action, case: Grievance, user: User, now: datetime, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.action, self.case, self.user, self.now = action, case, user, now
        self.row = _row_of(action, case.status)
        self.fields["version"].initial = case.version
        for name in FIELDS[action]:
            field = _BUILDERS[name](self)
            if isinstance(field, dict):
                self.fields.update(field)
            else:
                self.fields[name] = field

    def must(self, name: str) -> bool:
        """Say whether the workflow table demands the argument."""
        return name in self.row.required

    def clean(self) -> dict:
        """Find the case to join to, and the agency of two ways to choose it; the others are checked by their fields."""
        cleaned = super().clean()
        if "into" in self.fields:
            cleaned["into"] = self._target(cleaned)
        if "suggested" in self.fields:
            agencies.choose(self, cleaned)
        return cleaned

    def arguments(self) -> dict:
        """Return what was given, ready for the verb; only after `is_valid`."""
        given = {name: self.cleaned_data.get(name) for name in FIELDS[self.action]}
        if "said_resolved" in given:
            given["said_resolved"] = {"yes": True, "no": False}.get(given["said_resolved"])
        if "rating" in given:
            given["rating"] = int(given["rating"])
        for name in ("co_agencies", "agencies", "calls"):
            if given.get(name) is not None:
                given[name] = list(given[name])
        for side in Side.values:
            if side in given:
                given[side] = list(given[side] or ())
        return given

    def refilled(self, data) -> "ActionForm":
        """Show what was typed, `data` as it was sent, without looking for errors: it is not sent yet."""
        for name, field in self.fields.items():
            if not isinstance(field, forms.FileField):
                self.initial[name] = field.widget.value_from_datadict(data, {}, self.add_prefix(name))
        return self

    def typed(self) -> list[tuple[str, str]]:
        """Return what was typed in words (label, text), for a step that can not be taken any more."""
        return [
            (str(field.label), self.data.get(self.add_prefix(name), ""))
            for name, field in self.fields.items()
            if isinstance(field, forms.CharField) and self.data.get(self.add_prefix(name), "").strip()
        ]

    def _target(self, cleaned: dict) -> Grievance | None:
        number = clean(cleaned.get("into_number")).upper()
        if not number:
            if cleaned.get("into") is None and not self.errors.get("into"):
                self.add_error("into", _("Choose a case, or type its number."))
            return cleaned.get("into")
        found = Grievance.objects.visible_to(self.user).live().filter(number=number).exclude(pk=self.case.pk).first()
        if found is None:
            self.add_error("into_number", _("There is no open case of yours with this number."))
        return found


def _row_of(action: Action, status: str) -> Transition:
    """Return the step's row for the status; from another status when it is not open, so that the form still shows."""
    return TABLE.get((status, action)) or next(row for (_status, name), row in TABLE.items() if name == action)


def _text(label: str, *, required: bool, rows: int = 3, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=NOTE_LENGTH,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _note(form: ActionForm) -> forms.Field:
    label = _NOTE_LABELS.get(form.action, _("Note"))
    rows = 6 if form.action == Action.RECORD_JOINT else 4 if form.must("note") else 2
    return _text(label, required=form.must("note"), rows=rows)


def _result(_form: ActionForm) -> forms.Field:
    return _text(
        _("What was done?"), required=True, rows=4, help_text=_("The household reads this. Say it in plain words.")
    )


def _comment(_form: ActionForm) -> forms.Field:
    return _text(_("What the household said"), required=False)


def _photos(form: ActionForm) -> forms.Field:
    return PhotosField(
        label=_("Photos"),
        required=form.must("photos"),
        help_text=_("Before and after, if you can.") if form.action == Action.RESOLVE else "",
    )


def _reason(form: ActionForm) -> forms.Field:
    listed = Reason.objects.filter(kind=form.row.reason, is_active=True)
    return forms.ModelChoiceField(
        label=_("Reason"),
        queryset=listed,
        to_field_name="code",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose a reason from the list.")},
    )


def _unit(form: ActionForm) -> forms.Field:
    case = form.case
    held = case.holder_unit.path if case.holder_unit_id else case.unit_path
    below = [path for path in tree.ancestor_paths(case.unit_path, include_self=True) if len(path) > len(held)]
    units = Unit.objects.filter(path__in=below)
    people = people_at_units(units.values_list("pk", flat=True), on=local_day(form.now))
    led = units.filter(pk__in=people).order_by("path")
    field = forms.ModelChoiceField(
        label=_("To whom?"),
        queryset=led,
        empty_label=None,
        widget=forms.RadioSelect,
        help_text="" if people else _("Nobody between this desk and the neighbourhood holds a post at present."),
        error_messages={"required": _("Please choose to whom."), "invalid_choice": _("Please choose one of these.")},
    )
    field.label_from_instance = lambda unit: (
        _("%(unit)s: %(people)s")
        % {
            "unit": unit,
            "people": _(", ").join(map(str, people[unit.pk])),
        }
    )
    return field


def _into(form: ActionForm) -> dict[str, forms.Field]:
    chosen = form.data.get("into", "") if form.is_bound else ""
    near = similar.open_cases(form.case, user=form.user)
    ids = [case.pk for case in near] + (
        [int(chosen)] if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else []
    )
    candidates = Grievance.objects.visible_to(form.user).live().exclude(pk=form.case.pk).filter(pk__in=ids)
    field = forms.ModelChoiceField(
        label=_("Similar open cases nearby"),
        queryset=candidates,
        required=False,
        empty_label=None,
        widget=forms.RadioSelect,
        help_text="" if near else _("There is none; type the number below."),
        error_messages={"invalid_choice": _("Choose another case that is still open.")},
    )
    field.choices = [(case.pk, f"{case.number} {case.title}") for case in near]
    number = forms.CharField(
        label=_("Or the number of another case"), required=False, max_length=30, help_text="LJ20261122-00031"
    )
    return {"into": field, "into_number": number}


def _cards(form: ActionForm) -> dict[str, forms.Field]:
    """Let one choose where there are several: an answer is for all unless said otherwise, a withdrawal for none."""
    offered = {str(card.pk): card for card in CARDS_OF[form.action](form.user, form.case)}
    if len(offered) < 2:
        return {}
    answers = form.action == Action.ANSWER_CARD
    field = forms.TypedMultipleChoiceField(
        label=_("Which cards does this answer?") if answers else _("Which cards are withdrawn?"),
        choices=[(key, pending.card_name(card)) for key, card in offered.items()],
        coerce=offered.__getitem__,
        initial=list(offered) if answers else [],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Please choose at least one card."),
            "invalid_choice": _("Please choose from the cards that are open to you."),
        },
    )
    return {"cards": field}


def _days(form: ActionForm) -> forms.Field:
    longest = profile().cases["max_extension_days"]
    label = _("How many more working days?") if form.case.counts == Counts.WORKDAYS else _("How many more days?")
    return forms.IntegerField(
        label=label, min_value=1, max_value=longest, initial=min(3, longest), widget=_number_input()
    )


def _number_input() -> forms.NumberInput:
    return forms.NumberInput(attrs={"inputmode": "numeric"})


def _review_on(form: ActionForm) -> forms.Field:
    first = local_day(form.now) + timedelta(days=1)
    last = first + LONGEST_HOLD
    return forms.DateField(
        label=_("When is it looked at again?"),
        widget=forms.DateInput(attrs={"type": "date", **_limits(first, last)}, format="%Y-%m-%d"),
        validators=[
            MinValueValidator(first, message=_("Choose a day to come.")),
            MaxValueValidator(last, message=_("Choose a day within a year.")),
        ],
    )


def _limits(first: date, last: date) -> dict[str, str]:
    return {"min": first.isoformat(), "max": last.isoformat()}


def _category(form: ActionForm) -> forms.Field:
    field = CategoryChoice(label=_("Category"), empty_label=_("Please choose"), required=True)
    # Given to the field at once it would take the empty label away, though the category may be out of use by now.
    field.initial = form.case.category_id
    field.choices = field.grouped()
    return field


def _urgency(_form: ActionForm) -> forms.Field:
    return forms.ChoiceField(
        label=_("Urgency"),
        choices=[("", _("As the category says")), *Urgency.choices],
        required=False,
        widget=forms.RadioSelect,
    )


def _rating(_form: ActionForm) -> forms.Field:
    return forms.ChoiceField(
        label=_("How satisfied is the household?"),
        choices=Rating.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose one of the five answers.")},
    )


def _said_resolved(_form: ActionForm) -> forms.Field:
    return forms.ChoiceField(
        label=_("Is the problem solved?"),
        choices=[("yes", _("Solved")), ("no", _("Not solved yet"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please say whether it is solved.")},
    )


def _is_public(_form: ActionForm) -> forms.Field:
    return forms.BooleanField(
        label=_("The resident may read this"), required=False, help_text=_("Without it only colleagues see the remark.")
    )


def _public_title(form: ActionForm) -> forms.Field:
    shown = getattr(form.case, "publication", None)
    return forms.CharField(
        label=_("Title for everybody"),
        max_length=TITLE_LENGTH,
        # Not the case's own title, which may name somebody.
        initial=shown.title if shown else form.case.category_name,
    )


def _public_text(form: ActionForm) -> forms.Field:
    shown = getattr(form.case, "publication", None)
    field = _text(_("What was done, for everybody"), required=True, help_text=_("Without names, doors and numbers."))
    field.max_length = TEXT_LENGTH
    field.initial = shown.text if shown else form.case.result
    return field


def _public_photos(side: Side, label: str) -> Callable[[ActionForm], forms.Field | dict[str, forms.Field]]:
    def build(form: ActionForm) -> forms.Field | dict[str, forms.Field]:
        if not form.case.attachments.exists():
            return {}
        shown = getattr(form.case, "publication", None)
        field = PhotosChoice(
            label=label,
            queryset=form.case.attachments.select_related("event").order_by("pk"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("At most %(count)s; none is all right.") % {"count": MOST_PHOTOS},
        )
        field.initial = [photo.attachment_id for photo in shown.photos.all() if photo.side == side] if shown else []
        return field

    return build


_BUILDERS: dict[str, Callable[[ActionForm], forms.Field | dict[str, forms.Field]]] = {
    "note": _note,
    "result": _result,
    "comment": _comment,
    "photos": _photos,
    "reason": _reason,
    "unit": _unit,
    "into": _into,
    "cards": _cards,
    "days": _days,
    "review_on": _review_on,
    "category": _category,
    "urgency": _urgency,
    "rating": _rating,
    "said_resolved": _said_resolved,
    "is_public": _is_public,
    "public_title": _public_title,
    "public_text": _public_text,
    **agencies.BUILDERS,
    **whistle.BUILDERS,
    "before": _public_photos(Side.BEFORE, gettext_lazy("Photos of before")),
    "after": _public_photos(Side.AFTER, gettext_lazy("Photos of after")),
}

"""The filing form: one field that must be filled in, everything else one tap or left alone."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances.choices import Urgency
from grievances.forms.fields import PhotosField
from grievances.forms.sending import SentOnceForm
from grievances.models import Category
from grievances.services.filing import MAX_DESCRIPTION
from orgs import tree
from orgs.models import Household, Unit


class FilingForm(SentOnceForm):
    """What a chief reports. Choices are offered from the person's own units; anything else is refused as unknown."""

    # The number of the case the same words became a moment ago, when they are sent again on purpose.
    again = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    description = forms.CharField(
        label=gettext_lazy("What is the matter?"),
        max_length=MAX_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True, "enterkeyhint": "done"}),
        help_text=gettext_lazy("One sentence is enough: what, and where. A photo or a voice note does as well."),
    )
    photos = PhotosField(label=gettext_lazy("Photos"), required=False)
    voice = forms.FileField(
        label=gettext_lazy("Voice note"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "audio/*", "capture": True}),
    )
    # Set by the page that asked for a photo of a danger: asked once, never forced.
    no_photo = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)
    solved = forms.BooleanField(
        label=gettext_lazy("Solved on the spot"),
        required=False,
        help_text=gettext_lazy("Nobody else is needed; the household only has to say so."),
    )
    solved_result = forms.CharField(
        label=gettext_lazy("What was done?"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Where is it?"),
        error_messages={
            "required": gettext_lazy("Please choose where it is."),
            "invalid_choice": gettext_lazy("This unit is not one of yours."),
        },
    )
    household = forms.ChoiceField(
        label=gettext_lazy("Which household?"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("This household is not in your neighbourhood.")},
    )
    category = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Please choose one of the listed kinds.")},
    )
    urgency = forms.ChoiceField(
        label=gettext_lazy("How soon?"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Please choose one of the listed urgencies.")},
    )
    place = forms.CharField(
        label=gettext_lazy("Exact place"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("For example: stairs, third floor."),
    )
    contact_name = forms.CharField(label=gettext_lazy("Who to call"), max_length=64, required=False)
    contact_phone = forms.CharField(
        label=gettext_lazy("Phone number"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=gettext_lazy("Seen only by those who handle the case; every look is recorded."),
    )

    def __init__(
        self,
        *args,
        units: list[Unit],
        households: list[Household],
        preset: bool = True,
        on_the_spot: bool = True,
        **kwargs,
    ) -> None:
        """`preset`: the first unit is the likely place; `on_the_spot`: the person can have solved it there and then."""
        super().__init__(*args, **kwargs)
        self._units = {str(unit.pk): unit for unit in units}
        self._households = {str(household.pk): household for household in households}
        self._categories = {str(row.pk): row for row in Category.objects.filter(is_active=True).order_by("code")}
        self._offer_units(units, preset=preset)
        if not on_the_spot:
            del self.fields["solved"], self.fields["solved_result"]
        self._offer_households(households)
        self.fields["category"].choices = [("", _("Not sure — leave it to others")), *self._groups()]
        self.fields["urgency"].choices = [("", _("By its kind")), *Urgency.choices]

    def _offer_units(self, units: list[Unit], *, preset: bool) -> None:
        field = self.fields["unit"]
        top = min((tree.depth(unit.path) for unit in units), default=0)
        field.choices = [(str(unit.pk), f"{'　' * (tree.depth(unit.path) - top)}{unit.name}") for unit in units]
        self.place_is_open = not preset and len(units) != 1
        field.required = self.place_is_open or not units
        if len(units) == 1:
            field.widget = forms.HiddenInput()
        if self.place_is_open:
            field.choices = [("", _("Please choose")), *field.choices]
        elif units:
            field.initial = str(units[0].pk)

    def _offer_households(self, households: list[Household]) -> None:
        if not households:
            del self.fields["household"]
            return
        several = len({household.unit_id for household in households}) > 1
        self.fields["household"].choices = [
            ("", _("None in particular")),
            *(
                (str(household.pk), f"{household.unit.name} {household.label}" if several else household.label)
                for household in households
            ),
        ]

    def _groups(self) -> Iterable[tuple[str, list[tuple[str, str]]]]:
        tops = {row.pk: row for row in self._categories.values() if row.parent_id is None}
        for top in tops.values():
            rows = [(str(row.pk), str(row)) for row in self._categories.values() if row.parent_id == top.pk]
            if rows:
                yield str(top), rows

    def clean(self) -> dict:
        given = super().clean()
        if given.get("solved") and not given.get("solved_result", "").strip() and "solved_result" not in self.errors:
            self.add_error("solved_result", _("Please say in a few words what was done."))
        household = self._households.get(given.get("household", ""))
        first = None if self.place_is_open else next(iter(self._units.values()), None)
        unit = self._units.get(given.get("unit", "")) or first
        if household is not None and "unit" not in self.errors and unit is not None and unit.pk != household.unit_id:
            # The door says where it is: a person with two neighbourhoods need not say it twice.
            unit = household.unit
        category = self._categories.get(given.get("category", ""))
        has_voice = given.get("voice") or "voice" in self.errors
        if not (given.get("description", "").strip() or given.get("photos") or has_voice) and not self.errors:
            self.add_error("description", _("Please say in a sentence what is the matter."))
        if category is not None and category.photo_required and not given.get("photos") and not given.get("no_photo"):
            self._ask_for_photo()
        given.update(unit=unit, household=household, category=category, photos=given.get("photos") or [])
        if not given.get("solved"):
            given["solved_result"] = ""
        return given

    def _ask_for_photo(self) -> None:
        self.add_error(
            "photos", _("Please add a photo, so that help comes to the right spot. Without one, just send once more.")
        )
        self.data = self.data.copy()
        self.data["no_photo"] = "1"

    @property
    def photo_kinds(self) -> str:
        """Return the keys of the categories that ask for a photo, for the page's script."""
        return " ".join(key for key, row in self._categories.items() if row.photo_required and row.parent_id)

    @property
    def category_codes(self) -> dict[str, str]:
        """Return the code of each category by its key: the API takes codes."""
        return {key: row.code for key, row in self._categories.items()}

    def facts(self) -> dict:
        """Return the arguments of the filing verb."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("solved", "again", "no_photo")}

    def ask_again(self, number: str) -> None:
        """Give the form, kept as typed, so that sending it once more files another case beside `number`."""
        self.data = self.data.copy()
        self.data["again"] = number

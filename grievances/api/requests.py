"""What callers send: shapes and the rows that keys and codes name; the services decide."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from grievances.choices import Action, Rating, Urgency
from grievances.joint import open_calls
from grievances.models import Attachment, Category, Escalation, Grievance, WhistleCall
from grievances.services.filing import MAX_DESCRIPTION
from grievances.services.joining import NOTE_LENGTH as JOINING_NOTE
from grievances.services.publishing import MOST_PHOTOS, TEXT_LENGTH, TITLE_LENGTH
from grievances.services.verbs import FIELDS
from grievances.services.whistles import PLACE_LENGTH
from grievances.workflow import TABLE, transition
from linjiang.common.rest import Flag, IdField
from orgs.choices import Datum
from orgs.models import Agency, Household, Unit, User
from orgs.scopes import agencies_visible_to, households_visible_to, units_visible_to

NOTE_LENGTH = 2000
MAX_CO_AGENCIES = 20
MAX_CARDS = 50


def _chosen_photos() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_PHOTOS, help_text="photos of the case"
    )


def _photos() -> serializers.ListField:
    return serializers.ListField(child=serializers.FileField(), required=False, help_text="multipart only")


def _category(code: str) -> Category:
    found = Category.objects.select_related("parent").filter(code=code, is_active=True).first()
    if found is None:
        raise serializers.ValidationError(_("There is no such category."))
    return found


class FilingRequest(serializers.Serializer):
    """A new case. Only `description`, a photo or a voice note is needed;
    `unit` defaults to the one unit of the caller's post.

    Send a `submission_id` made by the client: sent again, it gives the same case (200 instead of 201).
    """

    submission_id = serializers.UUIDField(required=False)
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_DESCRIPTION, help_text="may be left out with photos or a voice"
    )
    title = serializers.CharField(required=False, allow_blank=True, max_length=80)
    unit = IdField(required=False, allow_null=True, help_text="key of a unit in the caller's area")
    household = IdField(required=False, allow_null=True, help_text="key of a household of the unit")
    category = serializers.CharField(required=False, allow_blank=True, max_length=8, help_text="second-level code")
    urgency = serializers.ChoiceField(choices=Urgency.choices, required=False, allow_blank=True)
    place = serializers.CharField(required=False, allow_blank=True, max_length=120)
    lat = serializers.FloatField(required=False, allow_null=True, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, allow_null=True, min_value=-180, max_value=180)
    datum = serializers.ChoiceField(
        choices=Datum.choices, required=False, help_text="what lat and lon are in; WGS-84 unless said otherwise"
    )
    contact_name = serializers.CharField(required=False, allow_blank=True, max_length=64)
    contact_phone = serializers.CharField(required=False, allow_blank=True, max_length=40)
    solved_result = serializers.CharField(
        required=False, allow_blank=True, max_length=NOTE_LENGTH, help_text="solved on the spot: what was done"
    )
    keep_as_draft = Flag(required=False, help_text="keep it as discovered, do not report it yet")
    on_behalf = Flag(required=False, help_text="filed for the household; true unless said otherwise")
    photos = _photos()
    voice = serializers.FileField(required=False, help_text="multipart only: a recording of at most a minute")

    def validate_unit(self, pk: int | None) -> Unit | None:
        if pk is None:
            return None
        user = self.context["request"].user
        own = next((post.unit for post in user.current_posts if post.unit_id == pk), None)
        unit = own or units_visible_to(user).filter(pk=pk).first()
        if unit is None:
            raise serializers.ValidationError(_("This unit is not one of yours."))
        return unit

    def validate_household(self, pk: int | None) -> Household | None:
        if pk is None:
            return None
        found = households_visible_to(self.context["request"].user).filter(pk=pk, is_active=True).first()
        if found is None:
            raise serializers.ValidationError(_("There is no such household in your area."))
        return found

    def validate_category(self, code: str) -> Category | None:
        return _category(code) if code else None

    def validate(self, given: dict) -> dict:
        if (given.get("lat") is None) != (given.get("lon") is None):
            raise serializers.ValidationError({"lat": _("Latitude and longitude go together.")})
        given.setdefault("description", "")
        if given.get("unit") is None:
            given["unit"] = self._own_unit(given.get("household"))
        return given

    def _own_unit(self, household: Household | None) -> Unit:
        if household is not None:
            return household.unit
        units = {post.unit_id: post.unit for post in self.context["request"].user.current_posts if post.unit}
        if len(units) != 1:
            raise serializers.ValidationError({"unit": _("Please say which unit the case belongs to.")})
        return next(iter(units.values()))


class ActionRequest(serializers.Serializer):
    """The arguments of a step. Each action takes those that the case's `actions` name; others are passed over.

    Send the `version` that was read: when somebody else changed the case since, the answer is 409 and nothing changes.
    """

    submission_id = serializers.UUIDField(
        required=False, help_text="made by the client: sent again, the step is not taken twice"
    )
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    note = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    result = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH, help_text="what was done")
    comment = serializers.CharField(required=False, allow_blank=True, max_length=NOTE_LENGTH)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=40, help_text="code of a listed reason")
    agency = IdField(required=False, allow_null=True)
    co_agencies = serializers.ListField(child=IdField(), required=False, max_length=MAX_CO_AGENCIES)
    cards = serializers.ListField(
        child=IdField(),
        required=False,
        allow_empty=False,
        max_length=MAX_CARDS,
        help_text="keys of the case's cards; without it all that are the caller's to answer, or the one to withdraw",
    )
    agencies = serializers.ListField(child=IdField(), required=False, max_length=MAX_CO_AGENCIES)
    place = serializers.CharField(required=False, allow_blank=True, max_length=PLACE_LENGTH, help_text="where to meet")
    meet_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="to be there by; without it as the limit of arriving says"
    )
    calls = serializers.ListField(
        child=IdField(),
        required=False,
        allow_empty=False,
        max_length=MAX_CO_AGENCIES,
        help_text="keys of the calls to the spot; without it the one that is waited for",
    )
    unit = IdField(required=False, allow_null=True)
    into = serializers.CharField(required=False, allow_blank=True, max_length=30, help_text="number of another case")
    category = serializers.CharField(required=False, allow_blank=True, max_length=8)
    urgency = serializers.ChoiceField(choices=Urgency.choices, required=False, allow_blank=True)
    review_on = serializers.DateField(required=False, allow_null=True)
    days = serializers.IntegerField(required=False, min_value=1, max_value=366)
    rating = serializers.ChoiceField(choices=Rating.choices, required=False)
    said_resolved = serializers.BooleanField(required=False, allow_null=True)
    is_public = Flag(required=False)
    photos = _photos()
    public_title = serializers.CharField(required=False, max_length=TITLE_LENGTH, help_text="for everybody")
    public_text = serializers.CharField(required=False, max_length=TEXT_LENGTH, help_text="for everybody")
    before = _chosen_photos()
    after = _chosen_photos()

    def __init__(self, *args, action: Action | None = None, case: Grievance | None = None, **kwargs) -> None:
        self.action, self.case = action, case
        super().__init__(*args, **kwargs)

    def get_fields(self) -> dict:
        """Keep the fields of the action and mark those its row in the workflow table demands."""
        fields = super().get_fields()
        if self.action is None:
            return fields
        row = transition(self.case.status, self.action) or next(
            row for (_status, name), row in TABLE.items() if name == self.action
        )
        kept = {name: fields[name] for name in ("submission_id", "version", *FIELDS[self.action])}
        for name in row.required:
            kept[name].required = True
            if hasattr(kept[name], "allow_blank"):
                kept[name].allow_blank = False
            kept[name].allow_null = False
            if isinstance(kept[name], serializers.ListField):
                kept[name].allow_empty = False
        return kept

    @property
    def _user(self) -> User:
        return self.context["request"].user

    def validate_agency(self, pk: int) -> Agency:
        return self._agencies([pk])[0]

    def validate_co_agencies(self, pks: list[int]) -> list[Agency]:
        return self._agencies(list(dict.fromkeys(pks)))

    def validate_agencies(self, pks: list[int]) -> list[Agency]:
        return self._agencies(list(dict.fromkeys(pks)))

    def validate_calls(self, pks: list[int]) -> list[WhistleCall]:
        found = {call.pk: call for call in open_calls(self.case)}
        if set(pks) - set(found):
            raise serializers.ValidationError(_("Please choose from the agencies that are waited for."))
        return [found[pk] for pk in dict.fromkeys(pks)]

    def _agencies(self, pks: list[int]) -> list[Agency]:
        found = {
            agency.pk: agency for agency in agencies_visible_to(self._user).filter(pk__in=pks).select_related("unit")
        }
        if len(found) != len(pks):
            raise serializers.ValidationError(_("There is no such agency in your area."))
        return [found[pk] for pk in pks]

    def validate_cards(self, pks: list[int]) -> list[Escalation]:
        found = {card.pk: card for card in self.case.cards}
        if set(pks) - set(found):
            raise serializers.ValidationError(_("Please choose from the cards that are open to you."))
        return [found[pk] for pk in dict.fromkeys(pks)]

    def validate_unit(self, pk: int) -> Unit:
        unit = units_visible_to(self._user).filter(pk=pk).first()
        if unit is None:
            raise serializers.ValidationError(_("This unit is not one of yours."))
        return unit

    def validate_category(self, code: str) -> Category:
        return _category(code)

    def validate_into(self, number: str) -> Grievance:
        found = Grievance.objects.visible_to(self._user).filter(number=number.strip().upper()).first()
        if found is None:
            raise serializers.ValidationError(_("There is no open case of yours with this number."))
        return found

    def validate_before(self, uuids) -> list[Attachment]:
        return self._of_the_case(uuids)

    def validate_after(self, uuids) -> list[Attachment]:
        return self._of_the_case(uuids)

    def _of_the_case(self, uuids) -> list[Attachment]:
        found = {photo.uuid: photo for photo in self.case.attachments.filter(uuid__in=uuids)}
        if set(uuids) - set(found):
            raise serializers.ValidationError(_("Please choose a photo of this case."))
        return [found[uuid] for uuid in uuids]

    def validate_rating(self, rating) -> int:
        return int(rating)

    def arguments(self) -> dict:
        """Return what was given for `services.verbs.perform`; only after `is_valid`."""
        given = self.validated_data.items()
        return {name: value for name, value in given if value is not None and name != "submission_id"}


class JoinRequest(serializers.Serializer):
    """Me too. The client makes the `submission_id`; sent again, it is the same joining (200 instead of 201)."""

    submission_id = serializers.UUIDField()
    household = IdField(required=False, allow_null=True, help_text="key of a household in the caller's area")
    note = serializers.CharField(required=False, allow_blank=True, max_length=JOINING_NOTE)

    def validate_household(self, pk: int | None) -> Household | None:
        if pk is None:
            return None
        seen = households_visible_to(self.context["request"].user).select_related("unit")
        found = seen.filter(pk=pk, is_active=True).first()
        if found is None:
            raise serializers.ValidationError(_("There is no such household in your area."))
        return found


class ContactRequest(serializers.Serializer):
    """Why the number is needed; kept on record with the name of who asked."""

    purpose = serializers.CharField(max_length=200)


class ReadRequest(serializers.Serializer):
    """Which message was read; all of them without `id`."""

    id = IdField(required=False, allow_null=True)

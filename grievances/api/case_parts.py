"""What hangs on one case, as the API shows it: photos, timeline, assignments, whistles, stages, cards, open steps."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from grievances import presentation, stages
from grievances.choices import Action, Card, Stage, Standing, Status
from grievances.models import (
    Assignment,
    Attachment,
    Escalation,
    GrievanceEvent,
    Whistle,
    WhistleCall,
)
from grievances.services.verbs import FIELDS
from grievances.workflow import transition
from linjiang.common.decisions import Decision
from orgs.api.serializers import AgencyBrief, UnitBrief


class PhotoSerializer(serializers.ModelSerializer):
    """A photo; both addresses need the same sign-in as the case."""

    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()

    class Meta:
        model = Attachment
        fields = ["uuid", "width", "height", "created_at", "url", "thumbnail_url"]

    def _address(self, photo: Attachment, size: str) -> str:
        return reverse("api_photo", args=[photo.uuid, size], request=self.context.get("request"))

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, photo: Attachment) -> str:
        return self._address(photo, "full")

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_thumbnail_url(self, photo: Attachment) -> str:
        return self._address(photo, "small")


class EventSerializer(serializers.ModelSerializer):
    """One line of the timeline. `text` says in the reader's language what happened, `who` did it."""

    action = serializers.ChoiceField(choices=Action.choices)
    standing = serializers.ChoiceField(choices=Standing.choices)
    from_status = serializers.ChoiceField(choices=Status.choices, allow_blank=True)
    to_status = serializers.ChoiceField(choices=Status.choices)
    text = serializers.SerializerMethodField()
    who = serializers.SerializerMethodField()
    photos = PhotoSerializer(many=True, source="attachments")

    class Meta:
        model = GrievanceEvent
        fields = ["at", "action", "text", "who", "standing", "from_status", "to_status", "note", "is_public", "photos"]

    def get_text(self, event: GrievanceEvent) -> str:
        return presentation.event_title(event, self.context["names"])

    def get_who(self, event: GrievanceEvent) -> str:
        return presentation.actor_words(event)


class AssignmentSerializer(serializers.ModelSerializer):
    """An agency the case was given to."""

    agency = AgencyBrief()

    class Meta:
        model = Assignment
        fields = [
            "agency",
            "is_lead",
            "round",
            "assigned_at",
            "acknowledge_due_at",
            "acknowledged_at",
            "returned_at",
            "ended_at",
            "done_at",
            "done_note",
        ]


class CallSerializer(serializers.ModelSerializer):
    """An agency called to the spot; `is_open` while it is waited for, `is_late` past its limit, also afterwards."""

    agency = AgencyBrief()
    is_open = serializers.BooleanField()
    is_late = serializers.SerializerMethodField()

    class Meta:
        model = WhistleCall
        fields = ["id", "agency", "due_at", "arrived_at", "note", "release", "closed_at", "is_open", "is_late"]

    def get_is_late(self, call: WhistleCall) -> bool:
        return call.is_late(at=self.context["now"])


class WhistleSerializer(serializers.ModelSerializer):
    """Agencies called to the spot, until `ended_at`; `record` is what they agreed there."""

    unit = UnitBrief()
    calls = CallSerializer(many=True)

    class Meta:
        model = Whistle
        fields = ["id", "unit", "at", "place", "meet_at", "reason", "record", "ended_at", "calls"]


class StageLineSerializer(serializers.Serializer):
    """A stage of the case's present round: its limit, what is used and left of it (in words), and how it stands."""

    stage = serializers.ChoiceField(choices=Stage.limited())
    name = serializers.CharField(source="label")
    state = serializers.ChoiceField(choices=stages.STATES)
    tone = serializers.ChoiceField(choices=stages.TONES)
    word = serializers.CharField()
    limit = serializers.CharField()
    used = serializers.CharField()
    left = serializers.CharField()
    used_percent = serializers.IntegerField(source="share")
    due_at = serializers.DateTimeField(allow_null=True)
    holder = serializers.CharField()
    is_provisional = serializers.BooleanField()


class CardSerializer(serializers.ModelSerializer):
    """A yellow or red card. It stays on record when it is lifted, by an answer in time or because it was withdrawn.

    `in_force` says whether it still holds, `withdrawal` why it was withdrawn.
    """

    card = serializers.ChoiceField(choices=[(one.value, one.label) for one in (Card.YELLOW, Card.RED)])
    is_automatic = serializers.SerializerMethodField()
    is_withdrawn = serializers.SerializerMethodField()
    in_force = serializers.BooleanField()

    class Meta:
        model = Escalation
        fields = [
            "id",
            "card",
            "at",
            "is_automatic",
            "note",
            "answer_due_at",
            "answered_at",
            "answer",
            "lifted_at",
            "is_withdrawn",
            "withdrawal",
            "in_force",
        ]

    def get_is_withdrawn(self, card: Escalation) -> bool:
        return card.withdrawn_by_id is not None

    def get_is_automatic(self, card: Escalation) -> bool:
        return card.rung is not None


class OpenAction(serializers.Serializer):
    """A step of the case's present status that concerns the reader; refused ones say why."""

    action = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField()
    allowed = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    fields_ = serializers.SerializerMethodField()
    required = serializers.SerializerMethodField()

    def get_fields(self) -> dict:
        fields = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        fields["fields"].method_name = "get_argument_names"
        return fields

    def get_action(self, step: tuple[Action, Decision]) -> str:
        return step[0].value

    def get_name(self, step: tuple[Action, Decision]) -> str:
        return str(step[0].label)

    def get_allowed(self, step: tuple[Action, Decision]) -> bool:
        return step[1].allowed

    def get_reason(self, step: tuple[Action, Decision]) -> str:
        return str(step[1].reason)

    def get_argument_names(self, step: tuple[Action, Decision]) -> list[str]:
        return list(FIELDS[step[0]])

    def get_required(self, step: tuple[Action, Decision]) -> list[str]:
        return list(transition(self.context["case"].status, step[0]).required)

"""How cases look in the API; shapes only."""

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from grievances import presentation, stages
from grievances.choices import Action, Card, Stage, Standing, Status, Urgency
from grievances.models import (
    Assignment,
    Attachment,
    Category,
    Escalation,
    Grievance,
    GrievanceEvent,
    Joining,
    Reason,
    Whistle,
    WhistleCall,
)
from grievances.services.verbs import FIELDS
from grievances.workflow import transition
from linjiang.common.decisions import Decision
from notifications.models import Message
from orgs.api.serializers import AgencyBrief, UnitBrief


class BilingualName(serializers.ModelSerializer):
    """A listed thing whose name follows the reader's language."""

    name = serializers.CharField(source="__str__", read_only=True)


class CategoryBrief(BilingualName):
    class Meta:
        model = Category
        fields = ["code", "name"]


class CategoryLeaf(BilingualName):
    """A second-level category: the one a case is given."""

    urgency = serializers.ChoiceField(choices=Urgency.choices)

    class Meta:
        model = Category
        fields = ["code", "name", "urgency", "photo_required"]


class CategoryTop(BilingualName):
    """A first-level category with those below it."""

    children = CategoryLeaf(many=True, read_only=True, source="leaves")

    class Meta:
        model = Category
        fields = ["code", "name", "children"]


class ReasonSerializer(BilingualName):
    """A listed reason for a step that needs one."""

    class Meta:
        model = Reason
        fields = ["kind", "code", "name"]


class HouseholdBrief(serializers.Serializer):
    id = serializers.IntegerField()
    label = serializers.CharField()


class CaseSummary(serializers.ModelSerializer):
    """A case in a list. `version` goes along with every action.

    `due_at` and `soon_at` (80 % of the limit used) are empty while no deadline of resolving runs; `stage` is what runs
    beside it (assigning, acknowledging, feedback), empty where nothing does. `is_provisional`: the holidays of a year
    up to `due_at` are not known yet, so it may still move.
    """

    status = serializers.ChoiceField(choices=Status.choices)
    status_name = serializers.CharField(source="get_status_display")
    urgency = serializers.ChoiceField(choices=Urgency.choices)
    urgency_name = serializers.CharField(source="get_urgency_display")
    category = CategoryBrief(allow_null=True)
    unit = UnitBrief()
    household = HouseholdBrief(allow_null=True)
    holder_unit = UnitBrief(allow_null=True)
    lead_agency = AgencyBrief(allow_null=True)
    stage = serializers.ChoiceField(choices=Stage.limited(), allow_blank=True)
    stage_due_at = serializers.SerializerMethodField()
    soon_at = serializers.SerializerMethodField()
    due_at = serializers.SerializerMethodField()
    is_provisional = serializers.BooleanField(source="due_provisional")
    is_overdue = serializers.SerializerMethodField()
    is_suspended = serializers.BooleanField(source="suspended")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Grievance
        fields = [
            "number",
            "version",
            "status",
            "status_name",
            "title",
            "urgency",
            "urgency_name",
            "category",
            "unit",
            "household",
            "holder_unit",
            "lead_agency",
            "source",
            "discovered_at",
            "reported_at",
            "closed_at",
            "stage",
            "stage_due_at",
            "soon_at",
            "due_at",
            "is_provisional",
            "is_overdue",
            "is_suspended",
            "url",
        ]
        read_only_fields = fields

    def _moment(self, moment):
        return self.fields["reported_at"].to_representation(moment) if moment else None

    @extend_schema_field({"type": "string", "format": "date-time", "nullable": True})
    def get_due_at(self, case: Grievance):
        return self._moment(case.due_at if case.is_running else None)

    @extend_schema_field({"type": "string", "format": "date-time", "nullable": True})
    def get_soon_at(self, case: Grievance):
        return self._moment(case.soon_at if case.is_running else None)

    @extend_schema_field({"type": "string", "format": "date-time", "nullable": True})
    def get_stage_due_at(self, case: Grievance):
        return self._moment(case.stage_due_at if case.stage and not case.suspended else None)

    def get_is_overdue(self, case: Grievance) -> bool:
        return case.is_overdue(at=self.context["now"])

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, case: Grievance) -> str:
        return reverse("api_case", args=[case.number], request=self.context.get("request"))


class FiledCase(CaseSummary):
    """What filing answers: the case, and the submission id it was filed under."""

    class Meta(CaseSummary.Meta):
        fields = [*CaseSummary.Meta.fields, "submission_id"]
        read_only_fields = fields


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


class CaseDetail(CaseSummary):
    """A case in full. The resident's contact is masked; POST to `contact/` shows it, for a purpose, on record."""

    place_name = serializers.SerializerMethodField(help_text="the units from the street down, the door and the spot")
    standing_text = serializers.SerializerMethodField(help_text="who has it now and what comes next")
    filed_by = serializers.CharField(source="filed_by.name")
    contact = serializers.SerializerMethodField()
    merged_into = serializers.SerializerMethodField()
    stages = serializers.SerializerMethodField()
    cards = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()
    photos = serializers.SerializerMethodField()
    assignments = serializers.SerializerMethodField()
    whistles = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField()

    class Meta(CaseSummary.Meta):
        fields = [
            *CaseSummary.Meta.fields,
            "description",
            "place",
            "place_name",
            "lat",
            "lon",
            "standing_text",
            "filed_by",
            "on_behalf",
            "contact",
            "assigned_at",
            "acknowledged_at",
            "acknowledge_due_at",
            "resolved_at",
            "result",
            "settled_by",
            "confirmation",
            "rating",
            "said_resolved",
            "reopened_count",
            "joined_count",
            "callbacks",
            "review_on",
            "merged_into",
            "photos",
            "assignments",
            "stages",
            "whistles",
            "cards",
            "timeline",
            "actions",
        ]
        read_only_fields = fields

    def get_place_name(self, case: Grievance) -> str:
        return presentation.place_of(case)

    def get_standing_text(self, case: Grievance) -> str:
        return presentation.where_it_stands(case)

    @extend_schema_field(
        inline_serializer(
            "MaskedContact", {"name": serializers.CharField(), "phone": serializers.CharField()}, allow_null=True
        )
    )
    def get_contact(self, case: Grievance) -> dict | None:
        known = contact_of(case)
        return {"name": known.masked_name, "phone": known.masked_phone} if known else None

    @extend_schema_field({"type": "string", "nullable": True})
    def get_merged_into(self, case: Grievance) -> str | None:
        return self.context["merged_into"]

    @extend_schema_field(EventSerializer(many=True))
    def get_timeline(self, case: Grievance) -> list:
        return EventSerializer(self.context["events"], many=True, context=self.context).data

    @extend_schema_field(PhotoSerializer(many=True))
    def get_photos(self, case: Grievance) -> list:
        photos = [photo for event in self.context["events"] for photo in event.attachments.all()]
        return PhotoSerializer(photos, many=True, context=self.context).data

    @extend_schema_field(AssignmentSerializer(many=True))
    def get_assignments(self, case: Grievance) -> list:
        return AssignmentSerializer(case.assignments.select_related("agency").order_by("pk"), many=True).data

    @extend_schema_field(StageLineSerializer(many=True))
    def get_stages(self, case: Grievance) -> list:
        lines = stages.lines(case, self.context["events"][::-1], at=self.context["now"])
        return StageLineSerializer(lines, many=True).data

    @extend_schema_field(WhistleSerializer(many=True))
    def get_whistles(self, case: Grievance) -> list:
        return WhistleSerializer(case.blown, many=True, context=self.context).data

    @extend_schema_field(CardSerializer(many=True))
    def get_cards(self, case: Grievance) -> list:
        return CardSerializer(case.cards, many=True).data

    @extend_schema_field(OpenAction(many=True))
    def get_actions(self, case: Grievance) -> list:
        return OpenAction(self.context["actions"], many=True, context={"case": case}).data


class Joined(serializers.Serializer):
    """Where the joining counts, and how many there are."""

    number = serializers.CharField(source="grievance.number")
    count = serializers.SerializerMethodField()
    joined = serializers.SerializerMethodField()

    def get_count(self, joining: Joining) -> int:
        return joining.grievance.joined_count

    def get_joined(self, _joining: Joining) -> bool:
        return True


def contact_of(case: Grievance):
    """Return the contact of the case, else of its household; None when nobody left one."""
    return case.contact or (case.household.contact if case.household else None)


class ContactSerializer(serializers.Serializer):
    """How to reach the resident, in full."""

    name = serializers.CharField()
    phone = serializers.CharField()


class MessageSerializer(serializers.ModelSerializer):
    """What I was told; `text` in the reader's language, `number` the case it is about.

    The context's `told` holds what may still be read of each message (`grievances.telling`).
    """

    text = serializers.SerializerMethodField()
    number = serializers.SerializerMethodField()
    at = serializers.DateTimeField(source="not_before")

    class Meta:
        model = Message
        fields = ["id", "kind", "text", "number", "at", "read_at"]
        read_only_fields = fields

    def get_text(self, message: Message) -> str:
        return self.context["told"][message.pk].words

    def get_number(self, message: Message) -> str:
        return str(message.facts.get("number", ""))

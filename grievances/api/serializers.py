"""How cases look in the API; shapes only."""

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from grievances import presentation, stages
from grievances.api.case_parts import (
    AssignmentSerializer,
    CardSerializer,
    EventSerializer,
    OpenAction,
    PhotoSerializer,
    StageLineSerializer,
    WhistleSerializer,
)
from grievances.choices import Stage, Status, Urgency
from grievances.models import (
    Category,
    Grievance,
    Joining,
    Reason,
)
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

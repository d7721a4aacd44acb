"""How the organisation looks in the API; shapes only."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orgs.choices import AgencyKind, Level, Role
from orgs.models import Agency, Household, Post, Unit, User


class UnitBrief(serializers.ModelSerializer):
    """A unit as other things name it."""

    class Meta:
        model = Unit
        fields = ["id", "name", "level", "code"]


class UnitSerializer(serializers.ModelSerializer):
    """A unit in a list. `level_name` is the city's own word."""

    level_name = serializers.CharField(read_only=True)
    parent = serializers.IntegerField(source="parent_id", read_only=True, allow_null=True)

    class Meta:
        model = Unit
        fields = [
            "id",
            "name",
            "level",
            "level_name",
            "code",
            "parent",
            "lat",
            "lon",
            "households_declared",
            "is_active",
        ]


class UnitDetail(UnitSerializer):
    """A unit with the way down to it and what lies right below it."""

    ancestors = UnitBrief(many=True, read_only=True)
    children = UnitBrief(many=True, read_only=True, source="children_in_use")

    class Meta(UnitSerializer.Meta):
        fields = [*UnitSerializer.Meta.fields, "ancestors", "children"]


class UnitNode(serializers.Serializer):
    """A unit and, to the depth asked for, the units below it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    level = serializers.ChoiceField(choices=Level.choices)
    code = serializers.CharField(allow_null=True)
    children = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"$ref": "#/components/schemas/UnitNode"}})
    def get_children(self, node: dict) -> list:
        return UnitNode(node["children"], many=True).data


class HouseholdSerializer(serializers.ModelSerializer):
    """A household; its contact is masked, and shown in full only through a case, for a purpose."""

    unit = UnitBrief(read_only=True)
    contact_name = serializers.CharField(source="contact.masked_name", default="", read_only=True)
    contact_phone = serializers.CharField(source="contact.masked_phone", default="", read_only=True)

    class Meta:
        model = Household
        fields = ["id", "label", "unit", "members", "note", "contact_name", "contact_phone", "is_active"]


class AgencySerializer(serializers.ModelSerializer):
    """A body that resolves cases in a unit's subtree."""

    kind = serializers.ChoiceField(choices=AgencyKind.choices, read_only=True)
    kind_name = serializers.CharField(source="get_kind_display", read_only=True)
    unit = UnitBrief(read_only=True)

    class Meta:
        model = Agency
        fields = ["id", "name", "kind", "kind_name", "unit", "phone", "is_active"]


class AgencyBrief(serializers.ModelSerializer):
    """An agency as other things name it."""

    class Meta:
        model = Agency
        fields = ["id", "name"]


class PostSerializer(serializers.ModelSerializer):
    """A post in force."""

    role = serializers.ChoiceField(choices=Role.choices, read_only=True)
    title = serializers.CharField(read_only=True)
    unit = UnitBrief(read_only=True, allow_null=True)
    agency = AgencyBrief(read_only=True, allow_null=True)

    class Meta:
        model = Post
        fields = ["id", "role", "title", "unit", "agency", "acting", "since", "until"]


class MeSerializer(serializers.ModelSerializer):
    """The person who asks, with the posts that give the rights."""

    posts = PostSerializer(many=True, source="current_posts", read_only=True)
    opens_desk = serializers.BooleanField(read_only=True)

    class Meta:
        model = User
        fields = ["id", "name", "phone", "opens_desk", "posts"]


class TokenRequest(serializers.Serializer):
    """Phone number and password, as on the sign-in page."""

    phone = serializers.CharField(max_length=40)
    password = serializers.CharField(max_length=256, trim_whitespace=False, write_only=True)


class TokenSerializer(serializers.Serializer):
    """Send it as `Authorization: Token <token>`."""

    token = serializers.CharField()

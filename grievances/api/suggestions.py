"""What is suggested while somebody types: the likely category, and open cases that look the same."""

import math

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grievances.navigation import may_file
from grievances.privacy import title_for_neighbours
from grievances.services.alike import Alike, open_alike
from grievances.services.suggesting import Suggested, suggest_categories
from linjiang.common.errors import InvalidInput, NotAllowed
from linjiang.common.rest import IdField, SuggestionThrottle
from orgs.choices import DESK_ROLES, LEADER_ROLES, Role
from orgs.models import Unit, User
from orgs.scopes import units_visible_to

# A sentence; what is typed after that adds nothing.
READ = 500
# A photo is asked for when the kind is likely, not when it is one of several.
SURE_ENOUGH = 0.3


class SuggestionQuery(serializers.Serializer):
    """What was typed so far, and where."""

    text = serializers.CharField(required=False, allow_blank=True, default="", help_text="what was typed so far")
    unit = IdField(required=False, allow_null=True, help_text="key of a unit of the caller's; else the caller's own")
    lat = serializers.FloatField(required=False, allow_null=True, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, allow_null=True, min_value=-180, max_value=180)

    def validate(self, given: dict) -> dict:
        for name in ("lat", "lon"):
            if given.get(name) is not None and not math.isfinite(given[name]):
                raise serializers.ValidationError({name: _("This is no position.")})
        if (given.get("lat") is None) != (given.get("lon") is None):
            raise serializers.ValidationError({"lat": _("Latitude and longitude go together.")})
        return given


class SuggestedCategory(serializers.Serializer):
    """A second-level category, its first level, and how likely it is (0–1)."""

    id = serializers.IntegerField(source="category.pk")
    code = serializers.CharField(source="category.code")
    name = serializers.CharField(source="category.__str__")
    top = serializers.CharField(source="category.parent.__str__")
    share = serializers.SerializerMethodField()

    def get_share(self, one: Suggested) -> float:
        return round(one.share, 2)


class AlikeCase(serializers.Serializer):
    """An open case that looks the same; `count` others joined it, `joined`: the caller too; `filed_by_me`: own case."""

    number = serializers.CharField(source="case.number")
    title = serializers.SerializerMethodField(help_text="of a case next door without numbers, doors and names")
    place = serializers.SerializerMethodField()
    status = serializers.CharField(source="case.get_status_display")
    category = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="empty for a case near by that the caller may join, not open")
    joined = serializers.BooleanField()
    filed_by_me = serializers.BooleanField(source="own")
    count = serializers.IntegerField(source="case.joined_count")

    def get_title(self, one: Alike) -> str:
        return one.case.title if one.seen else title_for_neighbours(one.case)

    def get_place(self, one: Alike) -> str:
        if not one.seen:
            return one.case.unit.name
        door = one.case.household.label if one.case.household_id else ""
        return " ".join(filter(None, [one.case.unit.name, door, one.case.place]))

    def get_category(self, one: Alike) -> str:
        return str(one.case.category) if one.case.category_id else ""

    def get_url(self, one: Alike) -> str:
        return one.case.get_absolute_url() if one.seen else ""


class SuggestionAnswer(serializers.Serializer):
    """Everything may be empty. Nothing is filled in by it: the person taps what fits."""

    categories = SuggestedCategory(many=True)
    asks_photo = serializers.BooleanField(help_text="the likely category is one that needs a photo")
    alike = AlikeCase(many=True)


class Suggestions(APIView):
    """Suggestions for a sentence that is being typed."""

    throttle_scope = "suggestions"
    throttle_classes = [SuggestionThrottle]

    @extend_schema(
        tags=["cases"],
        summary="Suggest a category and open cases that look the same",
        parameters=[SuggestionQuery],
        responses=SuggestionAnswer,
    )
    def get(self, request: Request) -> Response:
        """Return at most three likely categories and at most three open cases alike that the caller may open or join.

        For those who file. Nothing is stored of what was typed.
        """
        if not may_file(request.user):
            raise NotAllowed(_("Cases are filed by neighbour chiefs, leaders, community and street staff."))
        given = SuggestionQuery(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        text = asked["text"][:READ]
        unit = _unit(request.user, asked.get("unit"))
        likely = suggest_categories(text)
        position = {"lat": asked.get("lat"), "lon": asked.get("lon")}
        answer = {
            "categories": likely,
            "asks_photo": bool(likely) and likely[0].share >= SURE_ENOUGH and likely[0].category.photo_required,
            "alike": open_alike(text, user=request.user, unit=unit, **position) if unit is not None else [],
        }
        # What somebody types is nobody else's to keep.
        return Response(SuggestionAnswer(answer).data, headers={"Cache-Control": "no-store"})


def _unit(user: User, pk: int | None) -> Unit | None:
    """Return the unit asked for, else the neighbourhood of the chief or the unit of the first post that files."""
    if pk is None:
        filing = [post for post in user.current_posts if post.role in (*LEADER_ROLES, *DESK_ROLES) and post.unit]
        return next((post.unit for post in sorted(filing, key=lambda post: post.role != Role.CHIEF)), None)
    own = next((post.unit for post in user.current_posts if post.unit_id == pk), None)
    unit = own or units_visible_to(user).filter(pk=pk).first()
    if unit is None:
        raise InvalidInput({"unit": _("This unit is not one of yours.")})
    return unit

"""Units, households, agencies and the person who asks; nothing here changes anything."""

from django.db.models import F, Value
from django.db.models.functions import Length
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from linjiang.common.errors import InvalidInput
from linjiang.common.rest import KeyCursor
from orgs import tree
from orgs.api.filters import AgencyFilter, HouseholdFilter, UnitFilter
from orgs.api.serializers import (
    AgencySerializer,
    HouseholdSerializer,
    MeSerializer,
    UnitDetail,
    UnitNode,
    UnitSerializer,
)
from orgs.models import Agency, Household, Unit
from orgs.scopes import administration_scope_of, agencies_visible_to, households_visible_to, units_visible_to

MAX_NODES = 3000


class PathCursor(KeyCursor):
    """Pages in the order of the tree."""

    ordering = "path"

    def is_position(self, position: str) -> bool:
        return len(position) <= 64 and position.isascii() and position.isalnum()


class MeView(APIView):
    """Who I am and which posts I hold today."""

    @extend_schema(responses=MeSerializer, tags=["me"])
    def get(self, request) -> Response:
        return Response(MeSerializer(request.user).data)


@extend_schema(tags=["units"])
class UnitList(ListAPIView):
    """The units of my area, in the order of the tree."""

    queryset = Unit.objects.none()
    serializer_class = UnitSerializer
    pagination_class = PathCursor
    filterset_class = UnitFilter

    def get_queryset(self):
        return units_visible_to(self.request.user)


@extend_schema(tags=["units"])
class UnitRead(RetrieveAPIView):
    """One unit of my area, with the units above it and right below it."""

    queryset = Unit.objects.none()
    serializer_class = UnitDetail
    filter_backends = []

    def get_queryset(self):
        return units_visible_to(self.request.user)

    def get_object(self) -> Unit:
        unit = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        unit.ancestors = Unit.objects.ancestors(unit.path)
        unit.children_in_use = unit.children.filter(is_active=True).order_by("path")
        return unit


class UnitTree(APIView):
    """My area as a tree, some levels deep."""

    @extend_schema(
        tags=["units"],
        parameters=[
            OpenApiParameter(
                "root", OpenApiTypes.INT64, description="key of the unit to start from; default: my units"
            ),
            OpenApiParameter("depth", OpenApiTypes.INT, description="levels below the root, 0 to 3; default 1"),
        ],
        responses=UnitNode(many=True),
    )
    def get(self, request) -> Response:
        depth = _whole(request.query_params.get("depth", "1"), "depth", high=3)
        visible = units_visible_to(request.user).filter(is_active=True)
        if "root" in request.query_params:
            root = _whole(request.query_params["root"], "root", high=2**63 - 1)
            starts = [get_object_or_404(visible, pk=root).path]
        else:
            starts = _tops(request.user)
        nodes = _nodes(visible, starts, depth)
        return Response(UnitNode(_nested(nodes, starts), many=True).data)


def _whole(text: str, field: str, *, high: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= high:
        return int(text)
    raise InvalidInput({field: _("A whole number from 0 to %(high)s.") % {"high": high}})


def _tops(user) -> list[str]:
    paths = administration_scope_of(user).paths
    if paths == ("",):
        return list(Unit.objects.filter(parent__isnull=True).values_list("path", flat=True))
    return list(paths)


def _nodes(visible, starts: list[str], depth: int) -> list[dict]:
    if not starts:
        return []
    # A start may lie deeper than another: what counts is the depth below its own start, so take the deepest and sift.
    deepest = max(map(tree.depth, starts)) + depth
    units = (
        visible.within(starts)
        .alias(places=Length(F("path")) / Value(tree.SEGMENT))
        .filter(places__lte=deepest)
        .order_by("path")
        .values("id", "name", "level", "code", "path")[: MAX_NODES + 1]
    )
    found = [unit for unit in units if any(_is_within(start, unit["path"], depth) for start in starts)]
    if len(found) > MAX_NODES:
        raise InvalidInput({"depth": _("This is too large a tree. Please ask for fewer levels.")})
    return found


def _is_within(start: str, path: str, depth: int) -> bool:
    return tree.covers(start, path) and tree.depth(path) - tree.depth(start) <= depth


def _nested(nodes: list[dict], starts: list[str]) -> list[dict]:
    by_path = {node["path"]: {**node, "children": []} for node in nodes}
    for path, node in by_path.items():
        above = by_path.get(tree.parent_path(path))
        if above is not None and path not in starts:
            above["children"].append(node)
    return [by_path[start] for start in starts if start in by_path]


@extend_schema(tags=["households"])
class HouseholdList(ListAPIView):
    """The households of my units; contacts are masked."""

    queryset = Household.objects.none()
    serializer_class = HouseholdSerializer
    pagination_class = KeyCursor
    filterset_class = HouseholdFilter

    def get_queryset(self):
        return households_visible_to(self.request.user).select_related("unit", "contact")


@extend_schema(tags=["agencies"])
class AgencyList(ListAPIView):
    """The agencies that serve or lie in my area."""

    queryset = Agency.objects.none()
    serializer_class = AgencySerializer
    pagination_class = KeyCursor
    filterset_class = AgencyFilter

    def get_queryset(self):
        return agencies_visible_to(self.request.user).select_related("unit")

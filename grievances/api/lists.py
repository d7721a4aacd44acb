"""Categories, reasons, and what I was told."""

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grievances.api.requests import ReadRequest
from grievances.api.serializers import CategoryTop, MessageSerializer, ReasonSerializer
from grievances.choices import ReasonKind
from grievances.models import Category, Reason
from grievances.telling import told
from linjiang.common import clock
from linjiang.common.errors import InvalidInput
from linjiang.common.rest import KeyCursor
from linjiang.common.text import listed
from notifications.models import Message
from notifications.services import mark_read


class CategoryList(APIView):
    """The category tree in use; a case is given a code of the second level."""

    @extend_schema(tags=["lists"], summary="Categories", responses=CategoryTop(many=True))
    def get(self, request: Request) -> Response:
        tops: list[Category] = []
        leaves: dict[int, list[Category]] = {}
        for category in Category.objects.filter(is_active=True).order_by("code"):
            if category.parent_id is None:
                tops.append(category)
            else:
                leaves.setdefault(category.parent_id, []).append(category)
        for top in tops:
            top.leaves = leaves.get(top.pk, [])
        return Response(CategoryTop(tops, many=True).data)


class ReasonList(APIView):
    """The listed reasons, of one step or of all."""

    @extend_schema(
        tags=["lists"],
        summary="Reasons",
        parameters=[OpenApiParameter("kind", OpenApiTypes.STR, enum=ReasonKind.values)],
        responses=ReasonSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        reasons = Reason.objects.filter(is_active=True)
        kind = request.query_params.get("kind")
        if kind is not None:
            if kind not in ReasonKind.values:
                raise InvalidInput({"kind": _("Choose one of: %(choices)s.") % {"choices": listed(ReasonKind)}})
            reasons = reasons.filter(kind=kind)
        return Response(ReasonSerializer(reasons, many=True).data)


@extend_schema(tags=["messages"], summary="My messages")
class MessageList(ListAPIView):
    """What I was told, the newest first."""

    queryset = Message.objects.none()
    serializer_class = MessageSerializer
    pagination_class = KeyCursor
    filter_backends = []

    def get_queryset(self):
        return Message.objects.filter(recipient=self.request.user, not_before__lte=clock.now())

    def paginate_queryset(self, queryset) -> list[Message]:
        """Return one page, put into words as far as the reader may still see the messages' cases."""
        page = super().paginate_queryset(queryset)
        self.words = told(page, self.request.user)
        return page

    def get_serializer_context(self) -> dict:
        return {**super().get_serializer_context(), "told": getattr(self, "words", {})}


class MessageRead(APIView):
    """Mark one of my messages as read, or all of them."""

    @extend_schema(
        tags=["messages"],
        summary="Mark as read",
        request=ReadRequest,
        responses=inline_serializer("Marked", {"marked": serializers.IntegerField()}),
    )
    def post(self, request: Request) -> Response:
        given = ReadRequest(data=request.data)
        given.is_valid(raise_exception=True)
        marked = mark_read(actor=request.user, now=clock.now(), pk=given.validated_data.get("id"))
        return Response({"marked": marked})

"""Cases over HTTP: the same scope, policies and verbs as the pages."""

import uuid as uuids

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grievances import joint, presentation
from grievances.api.filters import CaseFilter
from grievances.api.pagination import CaseCursor
from grievances.api.requests import ActionRequest, ContactRequest, FilingRequest, JoinRequest
from grievances.api.serializers import CaseDetail, CaseSummary, ContactSerializer, FiledCase, Joined, contact_of
from grievances.choices import Action
from grievances.models import Attachment, Grievance
from grievances.policies import available_actions, decide, may_see_contact
from grievances.services.filing import file_grievance
from grievances.services.joining import join
from grievances.services.steps import submitted
from grievances.services.verbs import FIELDS, VERBS, perform
from grievances.views.photos import photo_response
from grievances.workflow import transition
from linjiang.common import clock
from linjiang.common.errors import Conflict
from linjiang.common.rest import FilingThrottle, PhotosParser, SmallJSONParser
from orgs.services.contacts import reveal_contact


@extend_schema_view(get=extend_schema(tags=["cases"], summary="The cases I may see"))
class CaseList(ListAPIView):
    """The cases of my area and my agency."""

    queryset = Grievance.objects.none()
    serializer_class = CaseSummary
    filterset_class = CaseFilter
    pagination_class = CaseCursor
    parser_classes = [SmallJSONParser, PhotosParser]
    throttle_scope = "filing"

    def get_queryset(self):
        return Grievance.objects.visible_to(self.request.user)  # the page's own cases are read with their names

    def get_serializer_context(self) -> dict:
        return {**super().get_serializer_context(), "now": clock.now()}

    def get_throttles(self) -> list:
        return [FilingThrottle()] if self.request.method == "POST" else []

    @extend_schema(
        tags=["cases"],
        summary="File a case",
        request={"application/json": FilingRequest, "multipart/form-data": FilingRequest},
        responses={201: FiledCase, 200: FiledCase},
    )
    def post(self, request: Request) -> Response:
        """File a case. The same `submission_id` again gives the same case: 201 the first time, 200 ever after."""
        context = self.get_serializer_context()
        given = FilingRequest(data=request.data, context=context)
        given.is_valid(raise_exception=True)
        case, is_new = file_grievance(actor=request.user, now=context["now"], **_filled(given.validated_data))
        return Response(FiledCase(case, context=context).data, status=201 if is_new else 200)


def _filled(given: dict) -> dict:
    """Leave out what was not given, so that the service's own defaults hold."""
    return {name: value for name, value in given.items() if value is not None}


def _visible_case(request: Request, number: str) -> Grievance:
    cases = Grievance.objects.visible_to(request.user).with_names()
    cases = cases.select_related(
        "unit", "category", "lead_agency", "holder_unit", "household", "filed_by", "contact", "household__contact"
    )
    return get_object_or_404(cases, number=number)


def _detail(request: Request, case: Grievance) -> dict:
    now = clock.now()
    told = case.events.select_related("actor").prefetch_related("attachments").order_by("at", "pk")
    joint.seed(case, events=told)
    events = joint.readable(told, user=request.user, grievance=case)
    merged_into = None
    if case.merged_into_id:
        visible = Grievance.objects.visible_to(request.user)
        merged_into = visible.filter(pk=case.merged_into_id).values_list("number", flat=True).first()
    context = {
        "request": request,
        "now": now,
        "events": events,
        "names": presentation.names_for(events),
        "merged_into": merged_into,
        "actions": [step for step in available_actions(request.user, case, at=now) if step[0] in VERBS],
    }
    return CaseDetail(case, context=context).data


class CaseRead(APIView):
    """One case with its timeline, its photos and what I may do with it."""

    @extend_schema(tags=["cases"], summary="Read a case", responses=CaseDetail)
    def get(self, request: Request, number: str) -> Response:
        return Response(_detail(request, _visible_case(request, number)))


class CaseAct(GenericAPIView):
    """Take a step on a case."""

    parser_classes = [SmallJSONParser, PhotosParser]
    serializer_class = ActionRequest

    @extend_schema(
        tags=["cases"],
        summary="Take a step on a case",
        request={"application/json": ActionRequest, "multipart/form-data": ActionRequest},
        parameters=[
            OpenApiParameter("action", OpenApiTypes.STR, OpenApiParameter.PATH, enum=[one.value for one in FIELDS])
        ],
        responses={200: CaseDetail, 204: None},
    )
    def post(self, request: Request, number: str, action: str) -> Response:
        """Take the step and return the case as it is then; 204 when it is no longer the caller's to see.

        400 names the fields to mend, 403 says why the step is not the caller's, 409 that it is not open (any more) or
        that somebody else changed the case since `version` was read (`current_version` says where it is now). Without
        a `version` the step is taken on the case as it is, whatever has happened since it was read.
        """
        case = _visible_case(request, number)
        if action not in FIELDS:
            raise Http404
        step = Action(action)
        try:
            submission_id = uuids.UUID(str(request.data.get("submission_id") or ""))
        except (ValueError, AttributeError):
            return self._take(request, case, step)
        with submitted(submission_id, case) as taken:
            return self._seen(request, number) if taken else self._take(request, case, step)

    def _take(self, request: Request, case: Grievance, step: Action) -> Response:
        now = clock.now()
        decision = decide(request.user, step, case, at=now)
        if not decision:
            # Whether the step is the caller's and open comes before what was sent with it.
            if transition(case.status, step) is None:
                raise Conflict(decision.reason, code="step_not_open")
            decision.require()
        given = ActionRequest(data=request.data, action=step, case=case, context={"request": request})
        given.is_valid(raise_exception=True)
        perform(action=step, actor=request.user, grievance=case, now=now, **given.arguments())
        return self._seen(request, case.number)

    def _seen(self, request: Request, number: str) -> Response:
        try:
            case = _visible_case(request, number)
        except Http404:
            return Response(status=204)  # handed back: it left the caller's hands
        return Response(_detail(request, case))


class CaseJoin(APIView):
    """Me too: join an open case instead of filing it again."""

    parser_classes = [SmallJSONParser, PhotosParser]  # the phone's outbox sends forms
    throttle_scope = "filing"

    def get_throttles(self) -> list:
        return [FilingThrottle()]

    @extend_schema(tags=["cases"], summary="Join a case", request=JoinRequest, responses={201: Joined, 200: Joined})
    def post(self, request: Request, number: str) -> Response:
        """Join the case; a merged one is joined where it goes on, and `number` says where that is.

        The same `submission_id`, household or person again is the same joining: 201 the first time, 200 ever after.
        409 when the case is not open any more.
        """
        case = get_object_or_404(Grievance.objects.joinable_by(request.user), number=number)
        given = JoinRequest(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        joining, is_new = join(actor=request.user, grievance=case, now=clock.now(), **_filled(given.validated_data))
        return Response(Joined(joining).data, status=201 if is_new else 200)


class CaseContact(APIView):
    """How to reach the resident: shown in full for a stated purpose, and on record."""

    @extend_schema(tags=["cases"], summary="Show the contact", request=ContactRequest, responses=ContactSerializer)
    def post(self, request: Request, number: str) -> Response:
        case = _visible_case(request, number)
        known = contact_of(case)
        if known is None:
            raise Http404
        may_see_contact(request.user, case).require()
        given = ContactRequest(data=request.data)
        given.is_valid(raise_exception=True)
        shown = reveal_contact(actor=request.user, contact=known, about=case.number, **given.validated_data)
        return Response(ContactSerializer(shown).data, headers={"Cache-Control": "no-store"})


class PhotoRead(APIView):
    """A photo of a case I may see: `small` or `full`."""

    @extend_schema(tags=["cases"], summary="A photo", responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, uuid: uuids.UUID, size: str) -> HttpResponse:
        photo = get_object_or_404(Attachment, uuid=uuid)
        get_object_or_404(Grievance.objects.visible_to(request.user), pk=photo.grievance_id)
        return photo_response(photo, size)

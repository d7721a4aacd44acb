"""Getting a token and giving it back. A wrong password counts towards the same lock as on the sign-in page."""

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from linjiang.common.errors import LinjiangError
from linjiang.common.text import clean_phone
from orgs.api.serializers import TokenRequest, TokenSerializer


class WrongPassword(LinjiangError):
    """Number and password do not belong together (400), whether or not the number is known."""

    code = "wrong_password"


class LockedOut(LinjiangError):
    """Too many wrong passwords from this address (429)."""

    status = 429
    code = "locked_out"


class TokenView(APIView):
    """POST phone number and password to get a token, DELETE to end it everywhere."""

    throttle_scope = "token"

    def get_authenticators(self) -> list:
        # An old token in the header must not stand in the way of a new one.
        is_post = self.request is not None and self.request.method == "POST"
        return [] if is_post else super().get_authenticators()

    def get_permissions(self) -> list:
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    def get_throttles(self) -> list:
        return [ScopedRateThrottle()] if self.request.method == "POST" else []

    @extend_schema(
        tags=["auth"],
        request=TokenRequest,
        responses={200: TokenSerializer, 400: OpenApiResponse(description="wrong"), 429: OpenApiResponse()},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = TokenRequest(data=request.data)
        given.is_valid(raise_exception=True)
        inner = request._request
        user = authenticate(
            inner, username=clean_phone(given.validated_data["phone"]), password=given.validated_data["password"]
        )
        if getattr(inner, "axes_locked_out", False):
            inner.axes_locked_out = False  # the middleware would put its page in the place of this answer
            raise LockedOut(_("Too many wrong passwords. Please wait 15 minutes, or ask the street to help."))
        if user is None:
            raise WrongPassword(_("Phone number and password do not match."), field="password")
        user_logged_in.send(sender=type(user), request=inner, user=user)
        token, _made = Token.objects.get_or_create(user=user)
        return Response(TokenSerializer({"token": token.key}).data)

    @extend_schema(tags=["auth"], request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        Token.objects.filter(user=request.user).delete()
        return Response(status=204)

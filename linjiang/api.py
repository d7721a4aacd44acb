"""What surrounds the API: its description, the pages to browse it, and the answer at addresses that are none."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView


@method_decorator(login_required, name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from our own files; its start-up script is an address of its own, as the content policy wants."""


@extend_schema(exclude=True)
class NoSuchAddress(APIView):
    """Answers 404 in the API's shape, whatever the method."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def initial(self, request: Request, *args, **kwargs) -> None:
        raise NotFound(_("There is nothing at this address. Addresses of the API end with a slash."))


urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(url_name="schema"), name="api_docs"),
    path("v1/", include("orgs.api.urls")),
    path("v1/", include("grievances.api.urls")),
    path("v1/", include("reporting.api")),
    re_path(r"", NoSuchAddress.as_view()),
]

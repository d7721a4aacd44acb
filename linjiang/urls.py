"""Every address of the product, by who it serves."""

from django.urls import include, path

from linjiang.desk import desk_site
from linjiang.health import healthz

handler400 = "linjiang.common.refusals.bad_request"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("desk/", desk_site.urls),
    path("dashboard/", include("reporting.urls")),
    path("map/", include("reporting.map_urls")),
    path("screen/", include("reporting.screen_urls")),
    path("pool/", include("reporting.pool_urls")),
    path("near/", include("reporting.near_urls")),
    path("api/", include("linjiang.api")),
    path("notices/", include("notifications.urls")),
    path("", include("orgs.urls")),
    path("", include("grievances.urls")),
]

"""Every address of the product, by who it serves."""

from django.contrib import admin
from django.urls import include, path

from linjiang.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("desk/", admin.site.urls),
    path("", include("orgs.urls")),
    path("", include("grievances.urls")),
]

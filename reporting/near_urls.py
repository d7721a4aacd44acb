"""Addresses of the public pages “done near me”."""

from django.urls import path

from reporting.views import near

urlpatterns = [
    path("<int:unit_id>/", near.near, name="near"),
    path("photos/<uuid:uuid>/<slug:size>/", near.photo, name="near_photo"),
]

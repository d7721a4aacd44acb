"""Addresses of the big screen."""

from django.urls import path

from reporting.views import screen

urlpatterns = [
    path("<int:unit_id>/", screen.screen, name="screen"),
    path("<int:unit_id>/now/", screen.fragment, name="screen_now"),
]

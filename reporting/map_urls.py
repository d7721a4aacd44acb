"""Addresses of the map."""

from django.urls import path

from reporting.views import map as pages

urlpatterns = [
    path("<int:unit_id>/", pages.unit_map, name="unit_map"),
    path("<int:unit_id>/areas/", pages.areas, name="unit_map_areas"),
    path("<int:unit_id>/cases/", pages.cases, name="unit_map_cases"),
]

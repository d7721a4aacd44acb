"""Addresses of dashboards."""

from django.urls import path

from reporting.views import case_list, dashboard, peers

urlpatterns = [
    path("", dashboard.own_dashboard, name="dashboard"),
    path("<int:unit_id>/", dashboard.dashboard, name="unit_dashboard"),
    path("<int:unit_id>/peers/", peers.peers, name="unit_peers"),
    path("<int:unit_id>/cases/", case_list.counted_cases, name="counted_cases"),
]

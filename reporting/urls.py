"""Addresses of dashboards."""

from django.urls import path

from reporting.views import bulletin, case_list, dashboard, peers

urlpatterns = [
    path("", dashboard.own_dashboard, name="dashboard"),
    path("<int:unit_id>/", dashboard.dashboard, name="unit_dashboard"),
    path("<int:unit_id>/peers/", peers.peers, name="unit_peers"),
    path("<int:unit_id>/cases/", case_list.counted_cases, name="counted_cases"),
    path("<int:unit_id>/cases/export/", case_list.export_counted, name="counted_cases_export"),
    path("<int:unit_id>/bulletin/", bulletin.bulletin, name="bulletin"),
]

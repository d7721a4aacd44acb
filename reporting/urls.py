"""Addresses of dashboards."""

from django.urls import path

from reporting.views import bulletin, case_list, dashboard, exports, panels, peers, pictures

urlpatterns = [
    path("", dashboard.own_dashboard, name="dashboard"),
    path("<int:unit_id>/", dashboard.dashboard, name="unit_dashboard"),
    path("<int:unit_id>/peers/", peers.peers, name="unit_peers"),
    path("<int:unit_id>/cases/", case_list.counted_cases, name="counted_cases"),
    path("<int:unit_id>/panels/<slug:name>/", panels.panel, name="dashboard_panel"),
    path("<int:unit_id>/pictures/<slug:name>/", pictures.picture, name="dashboard_picture"),
    path("<int:unit_id>/export/<slug:kind>/", exports.export, name="dashboard_export"),
    path("<int:unit_id>/cases/export/", case_list.export_counted, name="counted_cases_export"),
    path("<int:unit_id>/bulletin/", bulletin.bulletin, name="bulletin"),
]

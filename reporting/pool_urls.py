"""Addresses of the problem pool."""

from django.urls import path

from reporting.views import pool, pool_cluster

urlpatterns = [
    path("", pool.pool, name="pool"),
    path("<int:pk>/", pool_cluster.cluster, name="cluster"),
    path("<int:pk>/<slug:action>/", pool_cluster.cluster_action, name="cluster_action"),
]

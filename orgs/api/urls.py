"""Addresses of the organisation in the API."""

from django.urls import path

from orgs.api import tokens, views

urlpatterns = [
    path("auth/token/", tokens.TokenView.as_view(), name="api_token"),
    path("me/", views.MeView.as_view(), name="api_me"),
    path("units/", views.UnitList.as_view(), name="api_units"),
    path("units/tree/", views.UnitTree.as_view(), name="api_unit_tree"),
    path("units/<int:pk>/", views.UnitRead.as_view(), name="api_unit"),
    path("households/", views.HouseholdList.as_view(), name="api_households"),
    path("agencies/", views.AgencyList.as_view(), name="api_agencies"),
]

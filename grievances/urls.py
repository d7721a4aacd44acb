"""Addresses of chiefs', leaders', agencies' and residents' pages."""

from django.urls import path

from grievances.views import cases

urlpatterns = [
    path("cases/<str:number>/", cases.case, name="case"),
]

"""Addresses of chiefs', leaders', agencies' and residents' pages."""

from django.urls import path

from grievances.views import cases, photos

urlpatterns = [
    path("photos/<uuid:uuid>/<str:size>/", photos.photo, name="photo"),
    path("cases/<str:number>/", cases.case, name="case"),
]

"""Addresses of cases in the API."""

from django.urls import path

from grievances.api import lists, suggestions, views

urlpatterns = [
    path("cases/", views.CaseList.as_view(), name="api_cases"),
    path("cases/<slug:number>/", views.CaseRead.as_view(), name="api_case"),
    path("cases/<slug:number>/join/", views.CaseJoin.as_view(), name="api_join"),
    path("cases/<slug:number>/contact/", views.CaseContact.as_view(), name="api_contact"),
    path("cases/<slug:number>/actions/<slug:action>/", views.CaseAct.as_view(), name="api_action"),
    path("photos/<uuid:uuid>/<slug:size>/", views.PhotoRead.as_view(), name="api_photo"),
    path("categories/", lists.CategoryList.as_view(), name="api_categories"),
    path("suggestions/", suggestions.Suggestions.as_view(), name="api_suggestions"),
    path("reasons/", lists.ReasonList.as_view(), name="api_reasons"),
    path("messages/", lists.MessageList.as_view(), name="api_messages"),
    path("messages/read/", lists.MessageRead.as_view(), name="api_messages_read"),
]

"""Addresses of chiefs', leaders', agencies' and residents' pages."""

from django.urls import path

from grievances.views import (
    actions,
    answer,
    cases,
    contacts,
    filing,
    home,
    households,
    inbox,
    joining,
    messages,
    offline,
    photos,
    resident,
    voices,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("report/", filing.report, name="report"),
    path("report/<slug:number>/", filing.receipt, name="receipt"),
    path("messages/", messages.inbox, name="messages"),
    path("messages/read/", messages.read, name="messages_read"),
    path("households/", households.households, name="households"),
    path("households/add/<int:unit>/", households.add, name="household_add"),
    path("households/<int:pk>/", households.change, name="household"),
    path("r/<slug:token>/", resident.resident, name="resident"),
    path("r/<slug:token>/photos/<uuid:uuid>/<slug:size>/", resident.photo, name="resident_photo"),
    path("cases/<slug:number>/answer/", answer.answer, name="answer"),
    path("photos/<uuid:uuid>/<slug:size>/", photos.photo, name="photo"),
    path("voices/<uuid:uuid>/", voices.voice, name="voice"),
    path("outbox/", offline.outbox, name="outbox"),
    path("outbox/who/", offline.who, name="outbox_who"),
    path("offline/", offline.offline, name="offline"),
    path("sw.js", offline.service_worker, name="service_worker"),
    path("manifest.webmanifest", offline.manifest, name="manifest"),
    path("cases/", cases.cases, name="cases"),
    path("cases/inbox/", inbox.inbox, name="inbox"),
    path("cases/<slug:number>/", cases.case, name="case"),
    path("cases/<slug:number>/contact/", contacts.contact, name="contact"),
    path("cases/<slug:number>/join/", joining.join_case, name="join"),
    path("cases/<slug:number>/<slug:action>/", actions.case_action, name="case_action"),
]

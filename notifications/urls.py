"""Addresses of the notices from above."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("", views.notices, name="notices"),
    path("write/", views.write, name="notice_write"),
    path("<int:pk>/", views.notice, name="notice"),
    path("<int:pk>/withdraw/", views.withdraw, name="notice_withdraw"),
]

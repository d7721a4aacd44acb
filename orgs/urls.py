"""Addresses of signing in and out."""

from django.urls import path

from orgs import views

urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign_in"),
    path("sign-out/", views.SignOutView.as_view(), name="sign_out"),
    path("password/", views.PasswordView.as_view(), name="change_password"),
    path("post/", views.start_from, name="start_from"),
    path("elder/", views.elder, name="elder"),
]

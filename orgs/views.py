"""Signing in and out."""

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


class SignInView(LoginView):
    """Phone number and password; five wrong tries lock the pair of number and address for a while."""

    template_name = "orgs/sign_in.html"
    redirect_authenticated_user = True


class SignOutView(LogoutView):
    """Ends the session and goes back to signing in."""


def locked_out(request: HttpRequest, *_args, **_kwargs) -> HttpResponse:
    """Answer 429 after too many wrong passwords, and say when to try again."""
    reason = _("Too many wrong passwords. Please wait 15 minutes, or ask the street to help.")
    return render(request, "429.html", {"reason": reason}, status=429)

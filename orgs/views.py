"""Signing in and out, changing one's password."""

from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _

from orgs.forms import OwnPasswordForm, SignInForm
from orgs.services.people import end_tokens

UNPROCESSABLE = 422


class SignInView(LoginView):
    """Phone number and password; five wrong tries lock the pair of number and address for a while."""

    template_name = "orgs/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_redirect_url(self) -> str:
        """Return the page to go on to; only one of this site, and never this page itself."""
        url = super().get_redirect_url()
        return "" if url.split("?")[0] == self.request.path else url

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=UNPROCESSABLE)


class SignOutView(LogoutView):
    """Ends the session and goes back to signing in."""


class PasswordView(PasswordChangeView):
    """Change one's own password; this session stays signed in, all others and API tokens end."""

    template_name = "orgs/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("home")

    def form_valid(self, form: OwnPasswordForm) -> HttpResponse:
        end_tokens(user=self.request.user)
        messages.success(self.request, _("Your password is changed. Use the new one from now on."))
        return super().form_valid(form)

    def form_invalid(self, form: OwnPasswordForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=UNPROCESSABLE)


def locked_out(request: HttpRequest, *_args, **_kwargs) -> HttpResponse:
    """Answer 429 after too many wrong passwords, and say when to try again; the number typed stays."""
    reason = _("Too many wrong passwords. Please wait 15 minutes, or ask the street to help.")
    if request.path != reverse("sign_in"):
        return render(request, "429.html", {"reason": reason}, status=429)
    form = SignInForm(request, initial={"username": request.POST.get("username", "")[:40]})
    context = {"form": form, "locked": reason, "next": request.POST.get("next", "")}
    return render(request, "orgs/sign_in.html", context, status=429)

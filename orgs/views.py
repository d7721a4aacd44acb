"""Signing in and out, changing one's password."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from orgs.choices import ElderSize
from orgs.elder import COOKIE, COOKIE_AGE
from orgs.forms import OwnPasswordForm, SignInForm
from orgs.seats import SESSION_KEY
from orgs.services.people import end_tokens, set_elder_size

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


@login_required
@require_POST
def start_from(request: HttpRequest) -> HttpResponse:
    """Start the pages from another of one's own posts until signing out; a post of somebody else's changes nothing."""
    given = request.POST.get("post", "")
    for post in request.user.current_posts:
        if str(post.pk) == given:
            request.session[SESSION_KEY] = post.pk
    return redirect("home")


@require_POST
def elder(request: HttpRequest) -> HttpResponse:
    """Switch elder mode and come back to the page: kept with the person, and on this browser for when nobody is."""
    given = request.POST.get("size", "")
    size = next((one for one in ElderSize.values if str(one) == given), ElderSize.OFF)
    if request.user.is_authenticated:
        set_elder_size(actor=request.user, size=size)
    url = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    answer = redirect(url if here else "home")
    answer.set_cookie(COOKIE, str(size), max_age=COOKIE_AGE, secure=request.is_secure(), httponly=True, samesite="Lax")
    return answer


def locked_out(request: HttpRequest, *_args, **_kwargs) -> HttpResponse:
    """Answer 429 after too many wrong passwords, and say when to try again; the number typed stays."""
    reason = _("Too many wrong passwords. Please wait 15 minutes, or ask the street to help.")
    if request.path != reverse("sign_in"):
        return render(request, "429.html", {"reason": reason}, status=429)
    form = SignInForm(request, initial={"username": request.POST.get("username", "")[:40]})
    context = {"form": form, "locked": reason, "next": request.POST.get("next", "")}
    return render(request, "orgs/sign_in.html", context, status=429)

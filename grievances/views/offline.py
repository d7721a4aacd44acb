"""What lets the pages be installed and opened without a network: manifest, service worker, the page of what waits."""

import hashlib
import json
from functools import lru_cache

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from grievances.navigation import kept_pages

# What the kept pages are drawn with.
SHELL = (
    "css/tokens.css",
    "css/base.css",
    "css/layout.css",
    "css/components.css",
    "css/outbox.css",
    "css/pages-chief.css",
    "css/pages-case.css",
    "css/elder.css",
    "js/base.js",
    "js/store.js",
    "js/sender.js",
    "js/outbox.js",
    "js/outbox-page.js",
    "js/photos.js",
    "js/voice.js",
    "js/filing.js",
    "img/brand.svg",
    "img/brand-light.svg",
    "img/chevron-down.svg",
    "icons/lucide.svg",
)
WORKER = "js/worker.js"


@login_required
@require_safe
@cache_control(private=True, no_cache=True)
def outbox(request: HttpRequest) -> HttpResponse:
    """Show what waits on this phone; the page itself holds nothing, its script reads the phone."""
    return render(request, "grievances/outbox.html")


@never_cache
@require_safe
def who(request: HttpRequest) -> JsonResponse:
    """Say who is signed in and with which token to post: the outbox sends only what is that person's own."""
    user = request.user.pk if request.user.is_authenticated else None
    return JsonResponse({"user": user, "csrf": get_token(request), "language": translation.get_language()})


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show what is shown without a network for a page this phone has never seen; it is anybody's and nobody's."""
    return render(request, "offline.html")


@require_safe
@cache_control(no_cache=True)
def service_worker(_request: HttpRequest) -> HttpResponse:
    """Serve the worker for the whole site; its version changes when any static file of the shell does."""
    facts = {
        "version": shell_version(),
        "shell": [static(path) for path in SHELL],
        "offline": reverse("offline"),
        "signIn": reverse("sign_in"),
        "signOut": reverse("sign_out"),
        "elder": reverse("elder"),
        "pages": kept_pages(),
        "casePath": reverse("cases"),
    }
    scripts = json.dumps([static("js/store.js"), static("js/sender.js")])
    head = f"self.ljShell = {json.dumps(facts)};\nimportScripts(...{scripts});\n"
    return HttpResponse(
        head + _read(WORKER), content_type="text/javascript; charset=utf-8", headers={"Service-Worker-Allowed": "/"}
    )


@require_safe
@cache_control(max_age=3600)
def manifest(_request: HttpRequest) -> JsonResponse:
    """Describe the app to the phone, in the reader's language."""
    icons = [
        {"src": static(f"img/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"}
        for size in (192, 512)
    ]
    masked = {"src": static("img/icon-maskable-512.png"), "sizes": "512x512", "type": "image/png"}
    report = {"name": _("Report a problem"), "url": reverse("report"), "icons": icons[:1]}
    body = {
        "id": "/",
        "name": _("Linjiang: neighbour chiefs"),
        "short_name": _("Linjiang"),
        "description": _("Report what is the matter, and see it done."),
        "lang": translation.get_language(),
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f6fa",
        "theme_color": "#17498c",
        "icons": [*icons, {**masked, "purpose": "maskable"}],
        "shortcuts": [report],
    }
    return JsonResponse(body, content_type="application/manifest+json", headers={"Vary": "Accept-Language, Cookie"})


def shell_version() -> str:
    """Return what changes with the content of any file of the shell."""
    return _version() if not settings.DEBUG else _version.__wrapped__()


@lru_cache(maxsize=1)
def _version() -> str:
    sums = hashlib.sha256()
    for path in (*SHELL, WORKER):
        sums.update(static(path).encode())
        sums.update(_read(path).encode())
    return sums.hexdigest()[:16]


def _read(path: str) -> str:
    found = finders.find(path)
    with open(found, encoding="utf-8") as file:
        return file.read()

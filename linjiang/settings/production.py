"""A city: everything from the environment; refuses to start, naming every variable that is missing or unfit."""

from django.core.exceptions import ImproperlyConfigured

from linjiang.settings.base import *
from linjiang.settings.base import DATABASE_URL, MIDDLEWARE, REDIS_URL, env
from linjiang.settings.secret import has_demo_password, is_weak

DEBUG = False
SECRET_KEY = env("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = [host for host in env.list("ALLOWED_HOSTS", default=[]) if host]
SITE_URL = env("SITE_URL", default="")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

_wrong = []
if not SECRET_KEY:
    _wrong.append("SECRET_KEY is missing")
elif is_weak(SECRET_KEY):
    _wrong.append("SECRET_KEY is a demonstration's, or shorter than 50 characters")
if not ALLOWED_HOSTS:
    _wrong.append("ALLOWED_HOSTS is missing (names of this site, separated by commas)")
elif "*" in ALLOWED_HOSTS:
    _wrong.append("ALLOWED_HOSTS must name the hosts, not *")
if not DATABASE_URL.startswith(("postgres://", "postgresql://")):
    _wrong.append("DATABASE_URL is missing, or no postgres://user:password@host:5432/name")
elif has_demo_password(DATABASE_URL):
    _wrong.append("DATABASE_URL has a demonstration's password")
if not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    _wrong.append("REDIS_URL is missing, or no redis://host:6379/0")
if not SITE_URL.startswith("https://"):
    _wrong.append("SITE_URL is missing, or not https:// and the name people type")
if _wrong:
    message = "Not starting. Set in the environment: " + "; ".join(_wrong) + "."
    raise ImproperlyConfigured(message)

# The reverse proxy ends TLS, sets this header itself and drops one that came from outside (deploy/Caddyfile).
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
# The health check comes from inside, past the proxy.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True

MIDDLEWARE = ["linjiang.common.proxy.ClientAddressMiddleware", *MIDDLEWARE]

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

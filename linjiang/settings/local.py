"""A laptop or a pilot street: embedded PostgreSQL, a broker in files, pages over plain HTTP."""

from linjiang.settings.base import *
from linjiang.settings.base import VAR_DIR, env
from linjiang.settings.secret import local_secret_key

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="") or local_secret_key(VAR_DIR)
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *env.list("ALLOWED_HOSTS", default=[])]

# Static files are served from where they lie; nothing has to be collected.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

"""The test suite: its own throw-away PostgreSQL, a broker in memory, nothing written into `var/`."""

import os
import secrets
import tempfile
from pathlib import Path

# Chosen once by the first process; the suite's worker processes inherit it, and so share the server. Never a
# folder given from outside: the server deletes it when it ends.
if not Path(os.environ.get("LINJIANG_VAR", "")).name.startswith("linjiang-test-"):
    os.environ["LINJIANG_VAR"] = str(Path(tempfile.gettempdir()) / f"linjiang-test-{secrets.token_hex(6)}")

from linjiang.settings.base import *
from linjiang.settings.base import DATABASE_URL, DATABASES, REDIS_URL, VAR_DIR

DEBUG = False
SECRET_KEY = "only-the-test-suite-signs-with-this"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]

if not DATABASE_URL:
    DATABASES["default"]["OPTIONS"] = {"home": str(VAR_DIR), "throwaway": True}
# Each test must end its connections with itself: a kept one would hold a test database that is to be dropped.
DATABASES["default"]["CONN_MAX_AGE"] = 0

# Argon2 takes its time on purpose. Tests make hundreds of people and assert nothing about the hash; one test
# reads the production setting.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if REDIS_URL:
    # Worker processes of the suite share one Redis; each keeps to its own names.
    _prefix = f"linjiang-test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    CACHES["default"]["KEY_PREFIX"] = _prefix
    CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"{_prefix}-"
else:
    # The database cache would add its own statements to every pinned query count.
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CELERY_BROKER_URL = "memory://"
    CELERY_BROKER_TRANSPORT = "memory"
    CELERY_BROKER_TRANSPORT_OPTIONS = {}

WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None

"""Settings shared by every way of running; values that differ per machine come from the environment."""

from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from linjiang.settings.api import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401 (read as settings)
from linjiang.settings.desk import UNFOLD  # noqa: F401 (the theme reads it as a setting)
from linjiang.settings.maps import MAP_TILES, policy

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(environ.Env()("LINJIANG_VAR", default=str(BASE_DIR / "var")))

env = environ.Env()

DATABASE_URL = env("DATABASE_URL", default="")
REDIS_URL = env("REDIS_URL", default="")
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000")
CITY_PROFILE = env("CITY_PROFILE", default="bozhou")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "linjiang.common",
    "orgs",
    "notifications",
    "grievances",
    "reporting",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "linjiang.common.csp.PathPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "linjiang.common.middleware.ErrorPagesMiddleware",
    "axes.middleware.AxesMiddleware",
]

# Without DATABASE_URL the embedded PostgreSQL is started by the first connection.
if DATABASE_URL:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    DATABASES["default"].update(
        CONN_MAX_AGE=env.int("CONN_MAX_AGE", default=60),
        CONN_HEALTH_CHECKS=True,
        # PgBouncer in transaction mode keeps no cursor from one statement to the next.
        DISABLE_SERVER_SIDE_CURSORS=env.bool("DISABLE_SERVER_SIDE_CURSORS", default=False),
    )
else:
    DATABASES = {
        "default": {
            "ENGINE": "linjiang.postgres",
            "NAME": "linjiang",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"home": str(VAR_DIR)},
        }
    }

# Dashboards and peers may read from a copy that PostgreSQL keeps up to date.
if replica_url := env("DATABASE_REPLICA_URL", default=""):
    DATABASES["replica"] = {**DATABASES["default"], **env.db_url_config(replica_url), "TEST": {"MIRROR": "default"}}
DATABASE_ROUTERS = ["linjiang.common.replica.ReplicaRouter"]

# Throttles and locks must count over all web processes, so a cache per process will not do.
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "linjiang.cache.ForgivingRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "linjiang",
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "linjiang_cache",
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
    }

ROOT_URLCONF = "linjiang.urls"
WSGI_APPLICATION = "linjiang.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "grievances.navigation.navigation",
                "orgs.elder.elder",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "orgs.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("phone", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
SESSION_COOKIE_AGE = 30 * 24 * 3600

# Five wrong passwords lock the pair (phone number, address) for a quarter of an hour: enough to stop
# guessing, short enough that a chief who mistyped need not call the street.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_CALLABLE = "orgs.views.locked_out"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "linjiang" / "locale"]
FORMAT_MODULE_PATH = ["linjiang.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = ""  # attachments are served by a view that asks who may see the case, never by address

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# What a part of the site needs on top, by the start of the path; everything else keeps the policy above.
# /desk/: the theme's Alpine builds functions from attributes and sets styles; it has no inline script.
# /api/docs/: Swagger UI sets styles; its start-up script is a file of its own.
# /map/: pictures of the host that the tiles come from, if there is one.
CONTENT_SECURITY_POLICY_BY_PATH = {
    "/desk/": {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]},
    "/api/docs/": {"style-src": [UNSAFE_INLINE]},
    "/map/": policy(MAP_TILES),
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# The broker carries only "look now" signals: whatever is due is found by sweeping the database, so a message
# that is lost or doubled does no harm, and a signal older than its period is worth nothing.
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "global_keyprefix": "linjiang-",
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
    }
else:
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT = "linjiang.filebroker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"folder": str(VAR_DIR / "broker")}
    # Remote control needs a broadcast, which folders do badly; one worker on one machine has no use for it.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "run" / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": float(seconds), "options": {"expires": expires}}
    for name, seconds, expires in [
        # task, every so many seconds, worth nothing after so many seconds
        ("notifications.tasks.tick", 5, 10),
        ("notifications.tasks.deliver_messages", 5, 10),
        ("notifications.tasks.send_notices", 5, 10),
        ("grievances.tasks.escalate_overdue", 60, 60),
        ("grievances.tasks.recompute_deadlines", 60, 60),
        ("grievances.tasks.pass_on_untaken", 600, 600),
        ("grievances.tasks.write_exports", 5, 5),
        ("grievances.tasks.remove_expired_exports", 3600, 3600),
        ("grievances.tasks.remind_of_missing_calendar", 6 * 3600, 3600),
        ("reporting.tasks.fold_changes", 60, 60),
        ("orgs.tasks.end_lapsed_posts", 3600, 3600),
    ]
}
# Before the day begins: comparing every tally with the cases reads all of them.
CELERY_BEAT_SCHEDULE["reporting.tasks.verify_tallies"] = {
    "task": "reporting.tasks.verify_tallies",
    "schedule": crontab(hour=3, minute=40),
    "options": {"expires": 3600},
}
# The newest closed cases are read and learnt from: a minute of one processor.
CELERY_BEAT_SCHEDULE["grievances.tasks.learn_categories"] = {
    "task": "grievances.tasks.learn_categories",
    "schedule": crontab(hour=2, minute=20),
    "options": {"expires": 3600},
}
# What chiefs were asked for in the weeks that are over: everything written in them is read once.
CELERY_BEAT_SCHEDULE["reporting.tasks.count_chief_loads"] = {
    "task": "reporting.tasks.count_chief_loads",
    "schedule": crontab(hour=4, minute=10),
    "options": {"expires": 3600},
}
# The problem pool: half a year's cases are compared, a district at a time (docs/scaling.md tells how long it takes).
CELERY_BEAT_SCHEDULE["grievances.tasks.find_clusters"] = {
    "task": "grievances.tasks.find_clusters",
    "schedule": crontab(hour=1, minute=10),
    "options": {"expires": 3600},
}
# /healthz: how old the last tick, and the oldest message that is due but unsent, may be (seconds).
HEALTH_BEAT_SECONDS = 60
HEALTH_UNSENT_SECONDS = 300

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # Django mails errors to ADMINS and hides what is logged outside DEBUG; the console is where people look.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # Two lines for every tick would drown the rest; failures come as errors.
        **{name: {"level": "WARNING"} for name in ("celery.beat", "celery.app.trace", "celery.worker.strategy")},
    },
}

# Attachments: a phone photo is 2–8 MB; nine is what a messenger lets people pick at once.
ATTACHMENT_MAX_BYTES = 15 * 1024 * 1024
ATTACHMENT_MAX_COUNT = 9
# A minute of speech is 200–500 KB; phones that record at a high rate need more.
VOICE_MAX_BYTES = 4 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

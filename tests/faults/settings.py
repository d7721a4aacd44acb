"""The product as it runs on one machine, in a home of the test's own, with beat asking for a sweep every second."""

from linjiang.settings.local import *  # noqa: F403  (settings start from another file's names)
from linjiang.settings.local import PASSWORD_HASHERS

PASSWORD_HASHERS[:] = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "grievances.tasks.escalate_overdue", "schedule": 1.0, "options": {"expires": 5}},
    "tick": {"task": "notifications.tasks.tick", "schedule": 1.0, "options": {"expires": 5}},
}

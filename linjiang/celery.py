"""The Celery application. Tasks live in `<app>/tasks.py`; what runs when is CELERY_BEAT_SCHEDULE."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linjiang.settings.local")

app = Celery("linjiang")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

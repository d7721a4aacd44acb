"""App config: template tags, middleware, errors and helpers that every app may import."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "linjiang.common"
    label = "common"

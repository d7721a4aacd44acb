"""Linjiang: the neighbour-chief system of a city."""

from linjiang.celery import app as celery_app

__all__ = ["celery_app"]

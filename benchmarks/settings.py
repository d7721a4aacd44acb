"""The product as it runs on one machine, on a database of the benchmark's own."""

import os
import tempfile

from linjiang.settings.local import *  # noqa: F403  (settings start from another file's names)
from linjiang.settings.local import DATABASES, LOGGING

DATABASES["default"]["NAME"] = os.environ["LINJIANG_BENCH_DB"]
ROOT_URLCONF = "benchmarks.urls"
MEDIA_ROOT = tempfile.gettempdir()
LOGGING["root"]["level"] = "WARNING"

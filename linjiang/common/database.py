"""Small building blocks for rows claimed or numbered under concurrency; one SQL dialect, no extensions."""

from django.db import models


class PathField(models.CharField):
    """A fixed-width materialised path compared byte by byte, so that a subtree is one anchored range."""

    def __init__(self, verbose_name: str | None = None, **kwargs) -> None:
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault("db_collation", "C")
        super().__init__(verbose_name, **kwargs)


def subtree_q(path: str, *, field: str = "path") -> models.Q:
    """Return the range that holds `path` and everything below it.

    Segments use 0–9 and A–Z only, all below "~" in the C collation, so the bound is exclusive and exact.
    """
    return models.Q(**{f"{field}__gte": path, f"{field}__lt": path + "~"})

"""Taking a half-made city away again."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from orgs.models import Agency, Household, Post, User


@contextmanager
def emptied_on_failure() -> Iterator[None]:
    """Leave units, people and posts as they were when the block raises; the database had no units before."""
    people, posts = (_last(model) for model in (User, Post))
    try:
        yield
    except BaseException:
        with transaction.atomic():
            Household.objects.all()._raw_delete(using="default")
            Post.objects.filter(pk__gt=posts)._raw_delete(using="default")
            Agency.objects.all()._raw_delete(using="default")
            User.objects.filter(pk__gt=people)._raw_delete(using="default")
            with connection.cursor() as cursor:
                # A unit refers to its parent: the deepest go first.
                for depth in range(8, 0, -1):
                    cursor.execute("DELETE FROM orgs_unit WHERE length(path) = %s", [4 * depth])
        raise


def _last(model) -> int:
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

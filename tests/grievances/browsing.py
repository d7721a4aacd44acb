"""Ways to look at the pages as somebody, for tests of views."""

from django.test import Client

from orgs.models import User


def signed_in(user: User) -> Client:
    """Return a browser in which `user` has signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def numbers(response) -> list[str]:
    """Return the numbers of the cases a list page shows, in its order."""
    return [row.number for row in response.context["cases"]]

"""django-helpdesk as a site of one file, filled with the same rows and measured; run with its own environment's Python.

python benchmarks/helpdesk_site.py ROWS.tsv REPEATS SECONDS     (HELPDESK_DSN says where; prints JSON)
"""

import io
import json
import os
import sys
import time

import django
from django.conf import settings
from django.urls import include, path

DSN = json.loads(os.environ.get("HELPDESK_DSN", "{}"))

settings.configure(
    SECRET_KEY="only-this-run-signs-with-it",  # noqa: S106  (a throw-away site)
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="__main__",
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **DSN}},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.sites",
        "django.contrib.humanize",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "rest_framework",
        "helpdesk",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    SITE_ID=1,
    USE_TZ=True,
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    HELPDESK_TEAMS_MODE_ENABLED=False,
    HELPDESK_PUBLIC_TICKET_QUEUE="city",
    HELPDESK_VIEW_A_TICKET_PUBLIC=True,
    HELPDESK_SUBMIT_A_TICKET_PUBLIC=True,
)
django.setup()

urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]


def main(rows: str, repeats: int, seconds: float) -> dict:
    """Fill the database, measure, and return milliseconds and rates by name."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.urls import reverse
    from helpdesk.models import Queue, Ticket

    call_command("migrate", verbosity=0)
    queue = Queue.objects.create(title="City", slug="city", allow_public_submission=True, escalate_days=3)
    user = _person()
    _fill(rows, queue.pk, user.pk)
    client = Client()
    client.force_login(user)
    found: dict = {"tickets": Ticket.objects.count()}
    for name, url in (("dashboard", "helpdesk:dashboard"), ("list", "helpdesk:list")):
        found[name] = _times(lambda url=url: client.get(reverse(url)), repeats)
    query = _default_query()
    ajax = reverse("helpdesk:datatables_ticket_list", args=[query])
    asked = {"draw": 1, "start": 0, "length": 50, "order[0][column]": 0, "order[0][dir]": "desc", "search[value]": ""}
    found["rows of the list"] = _times(lambda: client.get(ajax, asked), max(repeats // 4, 2))
    found["filed_per_second"] = _file(queue.pk, seconds)
    open_ones = Ticket.objects.filter(status=Ticket.OPEN_STATUS).count()
    began = time.perf_counter()
    call_command("escalate_tickets", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM helpdesk_ticket WHERE last_escalation IS NOT NULL")
        found["escalated"] = cursor.fetchone()[0]
    found["escalated_per_second"] = found["escalated"] / (time.perf_counter() - began)
    found["open"] = open_ones
    return found


def _person():
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_user("officer", is_staff=True, is_superuser=True)


def _fill(rows: str, queue: int, user: int) -> None:
    """Copy number, title, description, reported, due and whether open into tickets, every column in place."""
    from django.db import connection
    from helpdesk.models import Ticket

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE rows (title text, description text, at timestamptz, due timestamptz, closed boolean)"
        )
        with open(rows, encoding="utf-8") as stream:
            cursor.copy_expert("COPY rows FROM STDIN", stream)
        fields = {field.column: field for field in Ticket._meta.concrete_fields if not field.primary_key}
        values = {
            "title": "title",
            "description": "description",
            "created": "at",
            "modified": "at",
            "due_date": "due",
            "queue_id": str(queue),
            "assigned_to_id": str(user),
            "status": f"CASE WHEN closed THEN {Ticket.CLOSED_STATUS} ELSE {Ticket.OPEN_STATUS} END",
            "submitter_email": "'chief@example.com'",
            "priority": "3",
        }
        for column, field in fields.items():
            if column not in values and not field.null:
                default = field.get_default()
                values[column] = cursor.mogrify("%s", [default]).decode()
        columns = ", ".join(f'"{name}"' for name in values)
        cursor.execute(f"INSERT INTO helpdesk_ticket ({columns}) SELECT {', '.join(values.values())} FROM rows")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _default_query() -> str:
    from helpdesk.query import query_to_base64

    return query_to_base64(
        {
            "filtering": {"status__in": [1, 2]},
            "filtering_null": {},
            "sorting": "created",
            "sortreverse": False,
            "search_string": "",
        }
    )


def _file(queue: int, seconds: float) -> float:
    """Return the public form's filings per second, one client after the other."""
    from django.test import Client
    from django.urls import reverse

    client, url = Client(), reverse("helpdesk:submit")
    form = {
        "queue": queue,
        "title": "楼道里的灯坏了",
        "body": "楼道里的灯坏了，老人晚上上下楼看不见。",
        "submitter_email": "chief@example.com",
        "priority": 3,
    }
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        answer = client.post(url, form)
        if answer.status_code != 302:
            raise RuntimeError(f"{url} answered {answer.status_code}")
        done += 1
    return done / (time.perf_counter() - began)


def _times(work, repeats: int) -> list[float]:
    answer = work()
    if answer.status_code != 200:
        raise RuntimeError(f"answered {answer.status_code}: {answer.content[:300]!r}")
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return found


if __name__ == "__main__":
    out = io.StringIO()
    sys.stdout, real = out, sys.stdout
    found = main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    found["peak_mb"] = __import__("resource").getrusage(__import__("resource").RUSAGE_SELF).ru_maxrss / 1024
    real.write(json.dumps(found))

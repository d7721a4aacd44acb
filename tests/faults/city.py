"""Run in a process of its own: fills a city with due cases, takes a sweep back, tells what is due and what fired.

Reads a command a line (fill COUNT, reset, expected [HOURS], fired) and answers each with a line of JSON.
"""

import json
import sys
from collections import Counter
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402  (Django must be set up before models are read)
from django.db import connection  # noqa: E402
from django.db.models import F  # noqa: E402

from grievances.choices import Action  # noqa: E402
from grievances.models import Escalation, Grievance, GrievanceEvent  # noqa: E402
from grievances.services.clock import reported  # noqa: E402
from grievances.services.escalation import due_rungs  # noqa: E402
from grievances.services.filing import file_grievance  # noqa: E402
from linjiang.common.clock import now  # noqa: E402
from notifications.models import Message  # noqa: E402
from tests.factories import make_world  # noqa: E402


def fill(count: int) -> dict:
    """File `count` cases over the last weeks, so that each has some rungs due and some to come."""
    call_command("migrate", verbosity=0, interactive=False)
    world = make_world()
    first, _new = file_grievance(
        actor=world.chief, unit=world.units["neighbourhood"], description="路灯不亮", now=now() - timedelta(days=40)
    )
    cases = []
    for number in range(1, count):
        begun = now() - timedelta(hours=12 + 600 * number / count)
        case = Grievance(
            **{
                field.attname: getattr(first, field.attname)
                for field in Grievance._meta.concrete_fields
                if field.name not in ("id", "number", "submission_id", "token")
            }
        )
        case.number = f"LJ-FAULT-{number:05d}"
        for name, value in reported(case, now=begun).items():
            setattr(case, name, value)
        cases.append(case)
    Grievance.objects.bulk_create(cases, batch_size=500)
    Message.objects.all().delete()
    return {"cases": Grievance.objects.count()}


def reset() -> dict:
    """Take back everything a sweep wrote."""
    for rows in (
        Escalation.objects.all(),
        GrievanceEvent.objects.filter(action=Action.ESCALATE),
        Message.objects.all(),
    ):
        rows._raw_delete(rows.db)  # nothing refers to them
    Grievance.objects.update(rung=0, stage_rung=0, version=1, next_alarm_at=F("clock_started_at"))
    return {}


def expected(hours: float) -> dict:
    """Return every rung that is due, as case/stage/rung, and how many people it tells."""
    at = now() + timedelta(hours=hours)
    told = {
        f"{due.case.pk}/{due.stage}/{due.rung.number}": sum(len(one.people) for one in due.told)
        for due in due_rungs(now=at)
    }
    return {"rungs": sorted(told), "told": told, "messages": sum(told.values())}


def fired() -> dict:
    """Return what fired, and every count that must agree with it."""
    rows = Escalation.objects.values_list("grievance_id", "stage", "rung", "due_at")
    too_late = GrievanceEvent.objects.filter(action=Action.ESCALATE, data__too_late=True)
    return {
        "rungs": sorted(f"{case}/{stage}/{rung}" for case, stage, rung, _due in rows),
        "twice": [str(key) for key, count in Counter(rows).items() if count > 1],
        "events": GrievanceEvent.objects.filter(action=Action.ESCALATE).count(),
        "too_late": [
            f"{case}/{data['stage']}/{data['rung']}" for case, data in too_late.values_list("grievance", "data")
        ],
        "messages": Message.objects.filter(kind__startswith="rung_").count(),
        "climbed": sum(Grievance.objects.values_list(F("rung") + F("stage_rung"), flat=True)),
        "waiting": Grievance.objects.filter(next_alarm_at__lte=now()).count(),
    }


def answer(asked: str, *words: str) -> dict:
    """Carry out one command."""
    if asked == "fill":
        return fill(int(words[0]))
    if asked == "expected":
        return expected(float(words[0]) if words else 0)
    return {"reset": reset, "fired": fired}[asked]()


if __name__ == "__main__":
    for line in sys.stdin:
        found = answer(*line.split())
        connection.close()  # the database may be restarted before the next command
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()

"""What people do with a cluster of the problem pool: name, judge, mend, and handle it as one project.

Each verb locks the cluster's row, compares the version that was read, asks `grievances.pooling`, and appends one line
to the history. The cases keep their own workflow: no verb here changes one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from grievances.choices import ClusterAction, ClusterState
from grievances.models import Cluster, ClusterCase, ClusterEvent, Grievance
from grievances.pooling import decide, may_work_on
from grievances.services.pool_counting import recount
from linjiang.common.clock import local_day
from linjiang.common.errors import Conflict, InvalidInput
from orgs import tree
from orgs.models import Agency, Unit, User

NAME_LENGTH, TEXT_LENGTH = 60, 2000


@contextmanager
def _changing(
    actor: User, cluster: Cluster, action: ClusterAction, version: int | None, now: datetime
) -> Iterator[tuple[Cluster, list[str]]]:
    """Yield the locked cluster and a list for the words of the history; saved, one version on, at the end."""
    with transaction.atomic():
        locked = Cluster.objects.select_for_update(of=("self",)).select_related("unit", "category").get(pk=cluster.pk)
        # Not told to who may not work on it whether somebody else did meanwhile.
        may_work_on(actor, locked).require()
        if version is not None and version != locked.version:
            raise Conflict(
                _("Somebody else changed this matter in the meantime. Please look at it again."), code="stale"
            )
        decision = decide(actor, action, locked)
        if not decision:
            raise Conflict(decision.reason)
        words: list[str] = []
        yield locked, words
        locked.version += 1
        locked.save()
        ClusterEvent.objects.create(cluster=locked, at=now, by=actor, action=action, detail=_(", ").join(words))


def rename(*, actor: User, cluster: Cluster, name: str, now: datetime, version: int | None = None) -> Cluster:
    """Call the cluster `name`; raise InvalidInput without one, or for one that is too long."""
    name = " ".join(name.split())
    if not name:
        raise InvalidInput({"name": _("Please give it a name.")})
    _check_length("name", name, NAME_LENGTH)
    with _changing(actor, cluster, ClusterAction.RENAME, version, now) as (found, words):
        found.name, found.named_by_hand = name, True
        words.append(name)
        return found


def note_root_cause(
    *, actor: User, cluster: Cluster, root_cause: str, note: str = "", now: datetime, version: int | None = None
) -> Cluster:
    """Write down why it happens again and again, and what else is known; empty takes it away."""
    root_cause, note = root_cause.strip(), note.strip()
    _check_length("root_cause", root_cause, TEXT_LENGTH)
    _check_length("note", note, TEXT_LENGTH)
    with _changing(actor, cluster, ClusterAction.NOTE, version, now) as (found, words):
        found.root_cause, found.note = root_cause, note
        words.extend(filter(None, (root_cause, note)))
        return found


def confirm(*, actor: User, cluster: Cluster, now: datetime, version: int | None = None) -> Cluster:
    """Say that the cases are one matter; also of one that was dismissed before."""
    with _changing(actor, cluster, ClusterAction.CONFIRM, version, now) as (found, _words):
        found.state = ClusterState.CONFIRMED
        return found


def dismiss(*, actor: User, cluster: Cluster, note: str = "", now: datetime, version: int | None = None) -> Cluster:
    """Say that they are not one matter: the cluster leaves the pool, and its cases are not found as one again."""
    _check_length("note", note, TEXT_LENGTH)
    with _changing(actor, cluster, ClusterAction.DISMISS, version, now) as (found, words):
        found.state = ClusterState.DISMISSED
        words.extend(filter(None, [note.strip()]))
        return found


def add_case(*, actor: User, cluster: Cluster, number: str, now: datetime, version: int | None = None) -> Cluster:
    """Add the case with this number, which the actor must see; raise InvalidInput for one that is in another cluster.

    One that was taken out before may be put back.
    """
    case = Grievance.objects.visible_to(actor).filter(number=number.strip().upper()).first()
    if case is None:
        raise InvalidInput({"number": _("There is no case with this number that you may see.")})
    with _changing(actor, cluster, ClusterAction.ADD, version, now) as (found, words):
        elsewhere = ClusterCase.objects.in_force().filter(grievance=case).select_related("cluster__unit").first()
        if elsewhere is not None and elsewhere.cluster_id == found.pk:
            raise InvalidInput({"number": _("This case belongs to it already.")})
        if elsewhere is not None and elsewhere.cluster.state != ClusterState.DISMISSED:
            raise InvalidInput(
                {"number": _("This case belongs to another matter: %(name)s") % {"name": elsewhere.cluster.title}}
            )
        if elsewhere is not None:
            _take_away(elsewhere, actor, now)
        ClusterCase.objects.update_or_create(
            cluster=found,
            grievance=case,
            defaults={
                "unit_path": case.unit_path,
                "added_at": now,
                "added_by": actor,
                "removed_at": None,
                "removed_by": None,
            },
        )
        recount([found], now=now)
        may_work_on(actor, found).require()
        words.append(case.number)
        return found


def take_out_case(
    *, actor: User, cluster: Cluster, case: Grievance, now: datetime, version: int | None = None
) -> Cluster:
    """Take a case out for good: it is not found for this cluster again. The last one cannot be taken out."""
    with _changing(actor, cluster, ClusterAction.TAKE_OUT, version, now) as (found, words):
        membership = found.memberships.in_force().filter(grievance=case).first()
        if membership is None:
            raise Conflict(_("This case does not belong to it any more."))
        if found.memberships.in_force().count() == 1:
            raise Conflict(_("This is the last case. Say “not one matter” instead."))
        _take_away(membership, actor, now)
        recount([found], now=now)
        words.append(case.number)
        return found


def merge_clusters(
    *, actor: User, cluster: Cluster, into: Cluster, now: datetime, version: int | None = None
) -> Cluster:
    """Put the cases of `cluster` into `into`, and return that one; both must be the actor's to work on.

    What was taken out of either stays out. Raise InvalidInput for the same one, Conflict for one that takes no cases.
    """
    if cluster.pk == into.pk:
        raise InvalidInput({"into": _("Please choose another matter.")})
    with transaction.atomic():
        # In one order, whoever merges which into which: two at a time wait instead of blocking each other.
        list(Cluster.objects.select_for_update(of=("self",)).filter(pk__in=(cluster.pk, into.pk)).order_by("pk"))
        with _changing(actor, cluster, ClusterAction.MERGE, version, now) as (found, words):
            target = Cluster.objects.select_related("unit", "category").get(pk=into.pk)
            may_work_on(actor, target).require()
            decision = decide(actor, ClusterAction.ADD, target)
            if not decision:
                raise Conflict(decision.reason)
            known = target.memberships.values("grievance")
            found.memberships.filter(removed_at__isnull=False, grievance__in=known).delete()
            found.memberships.filter(grievance__in=known).update(removed_at=now, removed_by=actor)
            found.memberships.exclude(grievance__in=known).update(cluster=target)
            found.state, found.merged_into = ClusterState.MERGED, target
            found.lead_agency = found.lead_unit = found.plan_on = None
            words.append(target.title)
            recount([found, target], now=now)
            may_work_on(actor, target).require()
            target.version += 1
            target.save()
            ClusterEvent.objects.create(
                cluster=target, at=now, by=actor, action=ClusterAction.MERGE, detail=found.title
            )
        return target


def make_project(
    *,
    actor: User,
    cluster: Cluster,
    plan_on: date,
    now: datetime,
    lead_agency: Agency | None = None,
    lead_unit: Unit | None = None,
    note: str = "",
    version: int | None = None,
) -> Cluster:
    """Handle the cluster as one project: one agency or one desk answers for it until `plan_on`; again to change that.

    Raise InvalidInput for no lead or two, for one that does not serve the place, and for a day that is past.
    """
    if (lead_agency is None) == (lead_unit is None):
        raise InvalidInput({"lead": _("Please choose one who answers for it: an agency or a desk.")})
    if plan_on < local_day(now):
        raise InvalidInput({"plan_on": _("Please choose a day that is not past.")})
    _check_length("note", note, TEXT_LENGTH)
    with _changing(actor, cluster, ClusterAction.PROJECT, version, now) as (found, words):
        serving = (lead_agency.unit if lead_agency else lead_unit).path
        # A desk below the place can lead as well: of the street's communities the one where the pipe lies.
        if not tree.covers(serving, found.unit_path) and (lead_agency or not tree.covers(found.unit_path, serving)):
            raise InvalidInput({"lead": _("%(name)s does not serve this place.") % {"name": lead_agency or lead_unit}})
        found.state, found.done_at = ClusterState.PROJECT, None
        found.lead_agency, found.lead_unit, found.plan_on = lead_agency, lead_unit, plan_on
        words.extend(filter(None, (str(lead_agency or lead_unit), plan_on.isoformat(), note.strip())))
        return found


def finish_project(*, actor: User, cluster: Cluster, note: str, now: datetime, version: int | None = None) -> Cluster:
    """Say what was done for good. The cases stay as they are: each household is answered by its own case."""
    if not note.strip():
        raise InvalidInput({"note": _("Please say what was done.")})
    _check_length("note", note, TEXT_LENGTH)
    with _changing(actor, cluster, ClusterAction.FINISH, version, now) as (found, words):
        found.state, found.done_at = ClusterState.DONE, now
        words.append(note.strip())
        return found


def _take_away(membership: ClusterCase, actor: User, now: datetime) -> None:
    membership.removed_at, membership.removed_by = now, actor
    membership.save(update_fields=["removed_at", "removed_by"])


def _check_length(field: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise InvalidInput({field: _("Please keep it under %(count)s characters.") % {"count": longest}})

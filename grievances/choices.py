"""Closed lists of the case, in the field's own terms."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Where a case stands on the five steps: discover, report, assign, resolve, feedback."""

    DISCOVERED = "DISCOVERED", _("Discovered")
    REPORTED = "REPORTED", _("Reported")
    ASSIGNED = "ASSIGNED", _("Assigned")
    IN_PROGRESS = "IN_PROGRESS", _("In progress")
    RESOLVED = "RESOLVED", _("Resolved")
    CLOSED = "CLOSED", _("Closed")
    REJECTED = "REJECTED", _("Rejected")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    MERGED = "MERGED", _("Merged")


LIVE = (Status.DISCOVERED, Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED)
ENDED = (Status.CLOSED, Status.REJECTED, Status.WITHDRAWN, Status.MERGED)
NOT_ACCEPTED = (Status.DISCOVERED, Status.REJECTED, Status.WITHDRAWN, Status.MERGED)
# Somebody other than the household has to act: these run against the deadline.
RUNNING = (Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS)


class Action(models.TextChoices):
    """The verbs of the workflow; the timeline keeps one event per verb carried out."""

    DISCOVER = "discover", _("Discover")
    REPORT = "report", _("Report")
    RESOLVE_ON_SPOT = "resolve_on_spot", _("Solved on the spot")
    WITHDRAW = "withdraw", _("Withdraw")
    ASSIGN = "assign", _("Assign")
    REFER_UP = "refer_up", _("Refer up")
    REFER_DOWN = "refer_down", _("Refer down")
    SETTLE_HERE = "settle_here", _("Settle here")
    REJECT = "reject", _("Reject")
    MERGE = "merge", _("Merge")
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    RETURN = "return", _("Return")
    REASSIGN = "reassign", _("Reassign")
    RESOLVE = "resolve", _("Resolve")
    ASK_EXTENSION = "ask_extension", _("Ask for an extension")
    GRANT_EXTENSION = "grant_extension", _("Grant the extension")
    REFUSE_EXTENSION = "refuse_extension", _("Refuse the extension")
    SUSPEND = "suspend", _("Approve the suspension")
    RESUME = "resume", _("Resume")
    FEEDBACK = "feedback", _("Feedback")
    RECORD_CALLBACK = "record_callback", _("Record a call-back")
    CLOSE_UNANSWERED = "close_unanswered", _("Close unanswered")
    RATE_LATER = "rate_later", _("Rate after closing")
    REOPEN = "reopen", _("Reopen")
    APPEAL = "appeal", _("Appeal")
    COMMENT = "comment", _("Comment")
    ADD_PHOTO = "add_photo", _("Add a photo")
    URGE = "urge", _("Urge")
    YELLOW_CARD = "yellow_card", _("Yellow card")
    RED_CARD = "red_card", _("Red card")
    CLASSIFY = "classify", _("Classify")
    ESCALATE = "escalate", _("Remind automatically")
    ASK_SUSPENSION = "ask_suspension", _("Ask to suspend")
    REFUSE_SUSPENSION = "refuse_suspension", _("Refuse the suspension")
    ANSWER_CARD = "answer_card", _("Answer a card")
    WITHDRAW_CARD = "withdraw_card", _("Withdraw a card")
    RECOMPUTE = "recompute", _("Compute the deadline anew")
    JOIN = "join", _("Me too")
    PUBLISH = "publish", _("Show to the neighbourhood")
    UNPUBLISH = "unpublish", _("Take off the public page")
    BLOW_WHISTLE = "blow_whistle", _("Call agencies to the spot")
    ARRIVE = "arrive", _("Report arrival")
    RELEASE_CALL = "release_call", _("Release a called agency")
    RECORD_JOINT = "record_joint", _("Write the joint record")
    ADD_CO_HANDLER = "add_co_handler", _("Add a co-handler")
    RELEASE_CO_HANDLER = "release_co_handler", _("Release a co-handler")
    REPORT_PART = "report_part", _("Report our part done")
    INTERNAL_NOTE = "internal_note", _("Internal note")


class Urgency(models.TextChoices):
    """How soon a case must be resolved; the hours come from the city profile."""

    TWO_HOURS = "2h", _("Within 2 hours")
    DAY = "24h", _("Within 24 hours")
    WEEK = "7d", _("Within 7 days")
    FORTNIGHT = "15d", _("Within 15 days")


class Source(models.TextChoices):
    """Where a case came from."""

    CHIEF = "chief", _("Neighbour chief")
    LEADER = "leader", _("Group or zone leader")
    STAFF = "staff", _("Community or street staff")
    RESIDENT = "resident", _("Resident")
    HOTLINE = "hotline", _("12345 hotline")
    IMPORT = "import", _("Imported history")


class Standing(models.TextChoices):
    """How a person stands to one case; the workflow table names who may do what in these terms."""

    FILER = "filer", _("who filed it")
    CHIEF = "chief", _("the neighbour chief")
    LEADER = "leader", _("group and zone leaders")
    DESK = "desk", _("who must accept it")
    ASSIGNER = "assigner", _("community or street staff")
    HANDLER = "handler", _("who handles it")
    CO_HANDLER = "co_handler", _("a co-handler")
    SUPERVISOR = "supervisor", _("a supervisor")
    OFFICIAL = "official", _("an official")
    OPERATOR = "operator", _("a hotline operator")
    RESIDENT = "resident", _("the resident")
    SYSTEM = "system", _("the platform")


class ReasonKind(models.TextChoices):
    """Which step a reason belongs to."""

    REJECT = "reject", _("Reject")
    RETURN = "return", _("Return")
    SUSPEND = "suspend", _("Suspend")
    EXTEND = "extend", _("Extension")
    WITHDRAW = "withdraw", _("Withdraw")
    MERGE = "merge", _("Merge")
    REOPEN = "reopen", _("Reopen")
    CLOSE_UNANSWERED = "close_unanswered", _("Close unanswered")


class Rating(models.IntegerChoices):
    """The household's word on the result, five levels."""

    VERY_SATISFIED = 5, _("Very satisfied")
    SATISFIED = 4, _("Satisfied")
    FAIRLY_SATISFIED = 3, _("Fairly satisfied")
    DISSATISFIED = 2, _("Dissatisfied")
    VERY_DISSATISFIED = 1, _("Very dissatisfied")


class Confirmation(models.TextChoices):
    """How a closed case was confirmed; shown on every closed case."""

    RESIDENT = "resident", _("rated by the resident through the link")
    TOLD = "told", _("told in person, answer recorded by staff")
    UNANSWERED = "unanswered", _("closed unanswered after recorded call-backs")
    IMPORTED = "imported", _("taken over from older records")


class SettledBy(models.TextChoices):
    """Who resolved: the level closest to the household that could."""

    CHIEF = "chief", _("Neighbour chief")
    GROUP = "group", _("Group leader")
    ZONE = "zone", _("Zone leader")
    COMMUNITY = "community", _("Community")
    STREET = "street", _("Street")
    AGENCY = "agency", _("Agency")


LOWEST_LEVEL = (SettledBy.CHIEF, SettledBy.GROUP, SettledBy.ZONE)


class Card(models.TextChoices):
    """Steps of urging."""

    REMIND = "remind", _("Reminder")
    URGE = "urge", _("Urge")
    YELLOW = "yellow", _("Yellow card")
    RED = "red", _("Red card")


# Shown to a holder in writing; each asks for an answer (整改说明).
ANSWERED_CARDS = (Card.YELLOW, Card.RED)


class Stage(models.TextChoices):
    """What a limit is set for. `REVIEW` is no limit: the day a suspension is looked at again.

    `ARRIVE` runs for each agency called to the spot and is no stage of the case.
    """

    ASSIGN = "assign", _("Assigning")
    ACKNOWLEDGE = "acknowledge", _("Acknowledging")
    RESOLVE = "resolve", _("Resolving")
    FEEDBACK = "feedback", _("Feedback to the household")
    ARRIVE = "arrive", _("Arriving on the spot")
    REVIEW = "review", _("Review of the suspension")

    @classmethod
    def limited(cls) -> list[tuple[str, str]]:
        """Return the choices that have limits."""
        return [choice for choice in cls.choices if choice[0] != cls.REVIEW]


class Counts(models.TextChoices):
    """How a limit is counted."""

    HOURS = "hours", _("hours round the clock")
    WORKDAYS = "workdays", _("working days")


class Tell(models.TextChoices):
    """Whom a rung tells; each climbs past vacant posts."""

    HOLDER = "holder", _("who holds the case")
    SUPERIOR = "superior", _("the holder's superior")
    STREET = "street", _("the street")
    DISTRICT = "district", _("the district")


# The card each step of urging by hand shows.
CARD_OF = {Action.URGE: Card.URGE, Action.YELLOW_CARD: Card.YELLOW, Action.RED_CARD: Card.RED}


class ClusterState(models.TextChoices):
    """Where a cluster of the problem pool stands."""

    FOUND = "found", _("Found")
    CONFIRMED = "confirmed", _("Confirmed as one matter")
    DISMISSED = "dismissed", _("Not one matter")
    PROJECT = "project", _("Handled as a project")
    DONE = "done", _("Project finished")
    MERGED = "merged", _("Joined to another one")


# Those that people work with: neither set aside nor gone into another one.
POOLED = (ClusterState.FOUND, ClusterState.CONFIRMED, ClusterState.PROJECT, ClusterState.DONE)


class ClusterAction(models.TextChoices):
    """What happens to a cluster; its history keeps one line for each."""

    FIND = "find", _("Found")
    GROW = "grow", _("More cases found")
    RENAME = "rename", _("Name")
    NOTE = "note", _("Root cause and note")
    CONFIRM = "confirm", _("Confirm as one matter")
    DISMISS = "dismiss", _("Not one matter")
    ADD = "add", _("Add a case")
    TAKE_OUT = "take_out", _("Take a case out")
    MERGE = "merge", _("Join with another one")
    PROJECT = "project", _("Handle as one project")
    FINISH = "finish", _("Finish the project")


class Side(models.TextChoices):
    """What a published photo shows."""

    BEFORE = "before", _("before")
    AFTER = "after", _("after")

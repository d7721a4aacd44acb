"""The steps of a case as parts of an event's line, and a case's columns before anything is told."""

from grievances.services.synthetic.copying import NULL


def _step(action: str, standing: str, before: str, after: str) -> tuple[str, str]:
    return f"\t{action}\t", f"\t{standing}\t{before}\t{after}\t"


DISCOVER = _step("discover", "filer", "", "DISCOVERED")
REPORT = _step("report", "filer", "DISCOVERED", "REPORTED")
SOLVED = _step("resolve_on_spot", "filer", "DISCOVERED", "RESOLVED")
REFER_UP = _step("refer_up", "desk", "REPORTED", "REPORTED")
SETTLE = _step("settle_here", "desk", "REPORTED", "IN_PROGRESS")
ASSIGN = _step("assign", "assigner", "REPORTED", "ASSIGNED")
RETURN = _step("return", "handler", "ASSIGNED", "REPORTED")
ACKNOWLEDGE = _step("acknowledge", "handler", "ASSIGNED", "IN_PROGRESS")
ASK = _step("ask_extension", "handler", "IN_PROGRESS", "IN_PROGRESS")
GRANT = _step("grant_extension", "assigner", "IN_PROGRESS", "IN_PROGRESS")
RESOLVE = _step("resolve", "handler", "IN_PROGRESS", "RESOLVED")
RATED = {who: _step("feedback", who, "RESOLVED", "CLOSED") for who in ("resident", "filer", "leader", "chief")}
REFUSED = _step("feedback", "resident", "RESOLVED", "ASSIGNED")
CALLED = _step("record_callback", "assigner", "RESOLVED", "RESOLVED")
UNANSWERED = _step("close_unanswered", "assigner", "RESOLVED", "CLOSED")

# A case's columns, in the order of its line, as they are before anything is told.
BLANK = {
    **dict.fromkeys(("id", "number", "submission_id", "token", "title", "description", "category_id", "urgency"), ""),
    **dict.fromkeys(("unit_id", "unit_path", "filed_by_id", "holder_unit_id", "discovered_at", "reported_at"), ""),
    **dict.fromkeys(("household_id", "lead_agency_id", "assigned_at", "acknowledged_at", "resolved_at"), NULL),
    **dict.fromkeys(("closed_at", "resolved_by_id", "rating", "said_resolved"), NULL),
    **dict.fromkeys(("source", "result", "settled_by", "confirmation"), ""),
    # Clocks at rest.
    **dict.fromkeys(("clock_started_at", "limit", "soon_at", "due_at", "acknowledge_due_at", "next_alarm_at"), NULL),
    **dict.fromkeys(("stage_started_at", "stage_limit", "stage_soon_at", "stage_due_at"), NULL),
    **dict.fromkeys(("counts", "stage", "stage_counts"), ""),
    "due_provisional": "f",
    "rules_version": "0",
    "version": "1",
    "status": "REPORTED",
    "on_behalf": "t",
    "round": "1",
    "reopened_count": "0",
    "callbacks": "0",
    "search": "",
}

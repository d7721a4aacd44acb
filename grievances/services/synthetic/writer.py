"""One process's pen: tells days of cases and copies their lines, a few thousand cases at a time."""

import io
from collections.abc import Sequence

from grievances.models import Assignment, Extension, Feedback, Grievance, GrievanceEvent
from grievances.services.synthetic.arrivals import Day
from grievances.services.synthetic.copying import Target
from grievances.services.synthetic.setting import Setting
from grievances.services.synthetic.steps import BLANK
from grievances.services.synthetic.tables import open_connection
from grievances.services.synthetic.teller import COLUMNS, Teller

# The tables written, by the name of their lines.
MODELS = {
    "cases": Grievance,
    "events": GrievanceEvent,
    "assignments": Assignment,
    "feedback": Feedback,
    "extensions": Extension,
}


class Writer:
    """Writes days of cases over one connection; a day or several are one transaction."""

    def __init__(self, setting: Setting, parameters: dict) -> None:
        self._connection = open_connection(parameters)
        self._connection.autocommit = False
        columns = {name: names.split() for name, names in COLUMNS.items()}
        columns["cases"] = list(BLANK)
        self._targets = {name: Target(model, columns[name]) for name, model in MODELS.items()}
        suffixes = {name: target.suffix for name, target in self._targets.items()}
        self._teller = Teller(setting, suffixes=suffixes)

    def write(self, days: Sequence[Day]) -> int:
        """Write the cases of `days` in one transaction and return how many."""
        for day in days:
            self._teller.tell(day, full=self._copy)
        self._copy()
        self._connection.commit()
        return sum(day.count for day in days)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _copy(self) -> None:
        with self._connection.cursor() as cursor:
            for name, target in self._targets.items():
                lines = getattr(self._teller.lines, name)
                if lines:
                    cursor.copy_expert(target.sql, io.StringIO("".join(lines)))
                    lines.clear()

"""What a service raises when it does not do what was asked; pages and API turn each into an answer.

Every error carries a stable `code`, a message in the reader's language and, where one is to blame, the field.
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _


class LinjiangError(Exception):
    """Base of all refusals; `status` is the HTTP status that pages and API answer with."""

    status = 400
    code = "invalid"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code:
            self.code = code


class InvalidInput(LinjiangError):
    """The input cannot be used (400). `errors` maps field names to messages."""

    def __init__(self, errors: Mapping[str, str], *, code: str | None = None) -> None:
        field, message = next(iter(errors.items()))
        super().__init__(message, code=code, field=field)
        self.errors = dict(errors)


class NotAllowed(LinjiangError):
    """The actor may see the object but may not do this to it (403); the message says why."""

    status = 403
    code = "not_allowed"


class Conflict(LinjiangError):
    """The object changed since the actor read it, or the step is no longer open (409)."""

    status = 409
    code = "conflict"


class StaleVersion(Conflict):
    """Somebody else changed the case first; nothing was overwritten."""

    code = "stale"

    def __init__(self, *, current: int) -> None:
        super().__init__(_("Somebody else changed this case in the meantime. Please look at it again."))
        self.current = current

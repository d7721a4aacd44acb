"""A policy's answer: allowed or not, and why not, in words that can be shown."""

from dataclasses import dataclass

from linjiang.common.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Decision:
    """Truthy when allowed; `reason` says why not and is empty when allowed.

    `is_idle`: there is nothing it could be done to (no extension to grant), so a page need not mention it.
    """

    allowed: bool
    reason: str = ""
    is_idle: bool = False

    def __bool__(self) -> bool:
        return self.allowed

    def require(self) -> None:
        """Raise `NotAllowed` with the reason unless allowed."""
        if not self.allowed:
            raise NotAllowed(self.reason)


ALLOWED = Decision(allowed=True)


def denied(reason: str) -> Decision:
    """Return a refusal with its reason."""
    return Decision(allowed=False, reason=reason)


def idle(reason: str) -> Decision:
    """Return a refusal because there is nothing to do it to."""
    return Decision(allowed=False, reason=reason, is_idle=True)

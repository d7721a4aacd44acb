"""The explicit actor of everything that no person did: sweeps, imports, set-up."""

from orgs.models import User

SYSTEM_PHONE = "system"


def system_user() -> User:
    """Return the automation's user, made on first use; it has no password and can not sign in."""
    user = User.objects.filter(phone=SYSTEM_PHONE).first()
    if user is None:
        user, _made = User.objects.get_or_create(
            phone=SYSTEM_PHONE, defaults={"name": "邻长平台", "is_system": True, "is_active": False, "password": "!"}
        )
    return user

"""The signing key of a machine that was given none."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.management.utils import get_random_secret_key

DEMO_PASSWORDS = ("changeme", "change-me", "password", "postgres", "linjiang", "secret", "demo", "test")
DEMO_PREFIXES = ("django-insecure", "change-me", "changeme", "demo", "secret", "test")


def local_secret_key(folder: Path) -> str:
    """Return the key kept in `folder`/secret_key (readable by its owner only), making it the first time.

    Processes that start at the same moment end up with the same key.
    """
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(get_random_secret_key())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def is_weak(key: str) -> bool:
    """Tell whether a key is a demonstration's, too short or too uniform to sign a city's sessions with."""
    return len(key) < 50 or len(set(key)) < 5 or key.lower().startswith(DEMO_PREFIXES)


def has_demo_password(url: str) -> bool:
    """Tell whether the password in an address is one that examples use; an address without one is not judged here."""
    return unquote(urlsplit(url).password or "").lower() in DEMO_PASSWORDS

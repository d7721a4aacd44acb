"""Set-up for the whole suite: temporary folders, and nothing left behind."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of real data beside the checkout; skip where it is not, unless it is demanded."""
    folder = SHARED / "data"
    if not folder.is_dir():
        if os.environ.get("LINJIANG_REQUIRE_SHARED") == "1":
            pytest.fail(f"{folder} is demanded (LINJIANG_REQUIRE_SHARED=1) and not there.")
        pytest.skip(f"needs real data in {folder}")
    return folder


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    """Throttles and locks of one test must not reach the next."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Delete the suite's folder in the process that chose it; the server deletes its own part as it ends."""
    home = os.environ.get("LINJIANG_VAR", "")
    if hasattr(session.config, "workerinput") or not Path(home).name.startswith("linjiang-test-"):
        return
    for path in Path(home).glob("*"):
        if path.name != "postgres":
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

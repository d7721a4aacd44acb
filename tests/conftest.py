"""Set-up for the whole suite: temporary folders, and nothing left behind."""

import os
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

"""Settings: production refuses to start and names every fault; local needs nothing."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from linjiang.settings.secret import is_weak, local_secret_key

ROOT = Path(__file__).resolve().parent.parent
GOOD = {
    "SECRET_KEY": "k7Qz-vb2_9LwXr4TnYp8cMd5sHf3gJa6eUo1iBt0xZqWnVmKyRlE",
    "ALLOWED_HOSTS": "linjiang.example",
    "SITE_URL": "https://linjiang.example",
    "DATABASE_URL": "postgres://linjiang@127.0.0.1:1/linjiang",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def manage(*arguments: str, var: Path, settings_module: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**kept, "DJANGO_SETTINGS_MODULE": settings_module, "LINJIANG_VAR": str(var), **environment},
        check=False,
        capture_output=True,
        text=True,
    )


def production(var: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return manage("check", var=var, settings_module="linjiang.settings.production", **environment)


def test_production_names_every_missing_variable_at_once(tmp_path: Path) -> None:
    done = production(tmp_path)
    assert done.returncode != 0
    for name in GOOD:
        assert f"{name} is missing" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "django-insecure-" + "a1b2c3d4" * 8),
        ("SECRET_KEY", "change-me"),
        ("ALLOWED_HOSTS", "*"),
        ("DATABASE_URL", "sqlite:///linjiang.sqlite3"),
        ("REDIS_URL", "memory://"),
        ("SITE_URL", "http://linjiang.example"),
    ],
)
def test_production_refuses_an_unfit_value_and_names_only_that(tmp_path: Path, name: str, value: str) -> None:
    done = production(tmp_path, **{**GOOD, name: value})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]
    assert not [other for other in GOOD if other != name and f"{other} is missing" in done.stderr]
    assert value not in done.stderr or value == "*", "a secret must not reach the log"


def test_production_loads_when_everything_is_there(tmp_path: Path) -> None:
    done = production(tmp_path, **GOOD)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [["check"], ["collectstatic", "--dry-run", "--no-input", "-v", "0"]])
def test_a_command_without_database_starts_none(tmp_path: Path, command: list[str]) -> None:
    done = manage(*command, var=tmp_path, settings_module="linjiang.settings.local")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "pg").exists()
    assert not (tmp_path / "run").exists()


def test_the_local_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = local_secret_key(tmp_path / "var")
    assert local_secret_key(tmp_path / "var") == key
    assert not is_weak(key)
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_the_product_hashes_passwords_with_argon2(tmp_path: Path) -> None:
    code = "from django.contrib.auth.hashers import make_password; print(make_password('x')[:6])"
    done = manage("shell", "-v", "0", "-c", code, var=tmp_path, settings_module="linjiang.settings.local")
    assert done.stdout.strip() == "argon2", done.stderr


@pytest.mark.parametrize(
    "name",
    sorted(str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*") if path.is_file()),
)
def test_every_template_compiles(name: str) -> None:
    assert get_template(name)


def test_every_beat_entry_names_a_task_that_exists_and_goes_stale() -> None:
    from linjiang.celery import app

    app.loader.import_default_modules()
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in app.tasks, name
        period = entry["schedule"] if isinstance(entry["schedule"], float) else 24 * 3600  # a time of day
        assert 0 < entry["options"]["expires"] <= max(period, 10)

"""Check that every text in the code stands in the Chinese catalogue, translated, and that the .mo is its .po."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALE = Path("linjiang/locale/zh_Hans/LC_MESSAGES")
Key = tuple[str | None, str, str]


def keys(path: Path) -> set[Key]:
    """Return context, text and plural of every living entry."""
    return {(entry.msgctxt, entry.msgid, entry.msgid_plural) for entry in polib.pofile(str(path)) if not entry.obsolete}


def fresh(domain: str, folder: Path) -> Path:
    """Extract the texts of a copy of the project and return the new catalogue."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    command = [sys.executable, "manage.py", "makemessages", "--locale", "zh_Hans", "--domain", domain]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"makemessages failed (is gettext installed?):\n{done.stdout}{done.stderr}")
    return folder / LOCALE / f"{domain}.po"


def problems(domain: str) -> list[str]:
    """Return what is wrong with one catalogue, a line each."""
    source = ROOT / LOCALE / f"{domain}.po"
    catalogue = polib.pofile(str(source))
    found = [f"not translated: {entry.msgid!r}" for entry in catalogue.untranslated_entries()]
    found += [f"fuzzy: {entry.msgid!r}" for entry in catalogue.fuzzy_entries()]
    with tempfile.TemporaryDirectory() as folder:
        wanted = keys(fresh(domain, Path(folder)))
        found += [f"in the code, not in the catalogue: {key[1]!r}" for key in sorted(wanted - keys(source), key=str)]
    compiled = source.with_suffix(".mo")
    if not compiled.exists():
        return [*found, f"{compiled.name} is missing"]
    told = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in polib.mofile(str(compiled))}
    meant = {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in catalogue.translated_entries()
    }
    if told != meant:
        found.append(f"{compiled.name} was not compiled from {source.name}: make messages")
    return found


def main() -> int:
    """Print every problem; exit 1 when there is one."""
    found = [f"{path.name}: {line}" for path in sorted((ROOT / LOCALE).glob("*.po")) for line in problems(path.stem)]
    if not list((ROOT / LOCALE).glob("*.po")):
        found = [f"no catalogue in {LOCALE}"]
    sys.stdout.write("".join(f"   {line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

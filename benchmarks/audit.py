"""make audit: Lighthouse on the filing page as a phone on a slow line sees it, and how much its first load weighs.

Starts the product with the demo city in a throw-away folder, signs in as the chief, and asks Lighthouse (from npm, with
the machine's Chromium). Prints every score beside its aim and fails when one is missed; where npm or Chromium is
missing it says so and fails, for nothing was audited.
"""
# ruff: noqa: S310  (every address is that of the product started here)

import gzip
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIGHTHOUSE = "lighthouse@12.8.2"
AIMS = {"performance": 95, "accessibility": 100, "best-practices": 100}
FIRST_LOAD_KB = 100
PAGES = ("/report/",)


def main() -> int:
    """Audit the pages and return the exit status."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium or not shutil.which("npx"):
        print("Nothing audited: this needs Chromium and npm (npx).", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="linjiang-audit-") as folder:
        Path(folder).chmod(0o755)  # the database runs as another user below it
        port = _free_port()
        site = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "LINJIANG_VAR": f"{folder}/var", "PORT": str(port)}
        for name in ("DATABASE_URL", "REDIS_URL"):
            environment.pop(name, None)
        log = Path(folder) / "log"
        with log.open("w") as out:
            product = subprocess.Popen(
                [sys.executable, "-m", "linjiang.run"], cwd=ROOT, env=environment, stdout=out, stderr=out
            )
        try:
            _wait(site, product, log)
            cookies = _signed_in(site, log.read_text())
            results = [_audit(site + page, cookies, chromium, folder) for page in PAGES]
            return 0 if all(results) else 1
        finally:
            product.send_signal(signal.SIGTERM)
            product.wait(60)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _wait(site: str, product: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until and product.poll() is None:
        try:
            with urllib.request.urlopen(f"{site}/sign-in/", timeout=5):
                if "Ctrl-C ends everything" in log.read_text():
                    return
        except OSError:
            pass
        time.sleep(1)
    raise SystemExit(f"the product did not start:\n{log.read_text()[-2000:]}")


def _signed_in(site: str, said: str) -> str:
    """Return the cookies of the demo's chief, the first of the sign-ins that the product printed."""
    phone, password = re.search(r"\b1[0-9]{10}\b", said)[0], re.search(r"\blinjiang[0-9]{4}\b", said)[0]
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(f"{site}/sign-in/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    form = {"csrfmiddlewaretoken": token, "username": phone, "password": password}
    request = urllib.request.Request(f"{site}/sign-in/", urllib.parse.urlencode(form).encode())
    request.add_header("Referer", f"{site}/sign-in/")
    browser.open(request)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def _audit(url: str, cookies: str, chromium: str, folder: str) -> bool:
    found = Path(folder) / "lighthouse.json"
    subprocess.run(
        [
            *("npx", "--yes", LIGHTHOUSE, url, "--quiet", "--output=json", f"--output-path={found}"),
            *("--form-factor=mobile", f"--only-categories={','.join(AIMS)}"),
            "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
            f"--extra-headers={json.dumps({'Cookie': cookies})}",
        ],
        check=True,
        env={**os.environ, "CHROME_PATH": chromium},
        stdout=sys.stderr,
    )
    report = json.loads(found.read_text())
    if report["finalDisplayedUrl"].rstrip("/") != url.rstrip("/"):
        raise SystemExit(f"audited {report['finalDisplayedUrl']} instead of {url}: not signed in?")
    good = True
    for name, aim in AIMS.items():
        score = round(100 * (report["categories"][name]["score"] or 0))
        good &= score >= aim
        print(f"{url}  {name:<16} {score:>4}  aim {aim}  {'met' if score >= aim else 'MISSED'}")
        for audit in _failed(report, name):
            print(f"    {audit['title']}: {audit.get('displayValue', '')}")
    weight = _weight(report, cookies)
    good &= weight <= FIRST_LOAD_KB
    word = "met" if weight <= FIRST_LOAD_KB else "MISSED"
    print(f"{url}  first load, gzip {weight:>6.1f} KB  aim {FIRST_LOAD_KB}  {word}")
    return good


def _failed(report: dict, category: str) -> list[dict]:
    refs = report["categories"][category]["auditRefs"]
    audits = [report["audits"][ref["id"]] for ref in refs if ref["weight"]]
    return [audit for audit in audits if audit["score"] is not None and audit["score"] < 1]


def _weight(report: dict, cookies: str) -> float:
    """Return what the page and all it asks for weigh as the proxy sends them (gzip), in KB."""
    total = 0
    for item in report["audits"]["network-requests"]["details"]["items"]:
        if not item["url"].startswith("http"):
            continue
        request = urllib.request.Request(item["url"], headers={"Cookie": cookies})
        with urllib.request.urlopen(request, timeout=30) as answer:
            body, kind = answer.read(), answer.headers.get_content_type()
        is_packed = kind.startswith(("image/png", "image/jpeg", "image/webp", "font/"))
        packed = len(body if is_packed else gzip.compress(body))
        total += packed
        print(f"    {packed / 1024:>6.1f} KB  {urllib.parse.urlsplit(item['url']).path}")
    return total / 1024


if __name__ == "__main__":
    sys.exit(main())

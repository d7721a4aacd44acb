"""What the browser tests share."""

import re

from tests.factories import PASSWORD

SENT = re.compile(r"/report/LJ[\w-]+/$")
WORDS = "三号楼下水道堵了，污水流到路上。"


def complaints_of(page) -> list[str]:
    """Return a list that fills with the errors of the page: refused by the policy, missing, broken scripts.

    Remarks of the browser itself, such as on a slow network, are no fault of the page and depend on the machine.
    """
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


class Phone:
    """A chief's phone: one browser profile, as many tabs as wanted."""

    def __init__(self, browser, site: str, *, width: int = 360, height: int = 740) -> None:
        self.site = site
        self.context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        self.complaints: list[str] = []

    def tab(self, path: str = "/"):
        page = self.context.new_page()
        self.complaints = complaints_of(page)
        page.goto(self.site + path)
        return page

    def sign_in(self, user):
        page = self.tab("/sign-in/")
        page.fill("input[name=username]", user.phone)
        page.fill("input[name=password]", PASSWORD)
        page.locator("main [type=submit]").click()
        page.wait_for_url(self.site + "/")
        return page


def write(page, words: str = WORDS) -> None:
    page.fill("textarea[name=description]", words)


def send(page) -> None:
    page.locator("#filing [type=submit]").click()


def waits_in(page, count: int) -> None:
    """The count in the top bar reads so many; none shows none."""
    chip = page.locator("#outbox-chip")
    if count:
        page.wait_for_function(
            "n => document.querySelector('#outbox-chip [data-count]').textContent === n", arg=str(count)
        )
        chip.wait_for(state="visible")
    else:
        chip.wait_for(state="hidden")


def hurry(page) -> None:
    """As when the network has just come back."""
    page.evaluate("window.dispatchEvent(new Event('online'))")

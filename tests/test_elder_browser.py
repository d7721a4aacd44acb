"""How large letters and targets are on a phone of 360 px, in both looks, as the browser draws them."""

import os

import pytest
from django.urls import reverse
from django.utils import timezone

from notifications.notices import write_notice
from orgs.services.people import set_elder_size
from tests.browsing import Phone, complaints_of
from tests.factories import PASSWORD, World, file_case, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MEASURE = """
() => {
  const shown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && !element.closest(".visually-hidden, .skip");
  const name = (element, text) => `${element.tagName}.${element.getAttribute("class")} “${text.slice(0, 20)}”`;
  const letters = {}, targets = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || !shown(element) || ["SCRIPT", "STYLE", "OPTION"].includes(element.tagName)) continue;
    letters[name(element, text)] = parseFloat(getComputedStyle(element).fontSize);
  }
  for (const element of document.querySelectorAll("a[href], button, summary, select, textarea, input")) {
    if (!shown(element) || element.type === "hidden") continue;
    const running = element.tagName === "A" && getComputedStyle(element).display === "inline";
    if (running) continue;
    const boxed = ["radio", "checkbox", "file"].includes(element.type);
    const area = (boxed && element.closest("label, .filebox")) || element;
    const box = area.getBoundingClientRect();
    const least = Math.round(Math.min(box.height, box.width) * 10) / 10;
    if (least) targets[name(element, element.textContent.trim())] = least;
  }
  const wide = [...document.querySelectorAll("main *")].filter(
    (element) => shown(element) && element.getBoundingClientRect().right > innerWidth + 1);
  return {
    letters, targets,
    wide: document.documentElement.scrollWidth > innerWidth && wide.map((one) => name(one, one.textContent.trim())),
  };
}
"""


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def case(world):
    now = timezone.now()
    file_case(world, now=now, keep_as_draft=True)
    write_notice(
        actor=world.street, now=now, unit=world.units["street"], title="汛期值守", text="今晚有大雨。", audience="all"
    )
    return file_case(world, now=now)


@pytest.mark.parametrize(
    ("size", "letter", "target"), [(0, 0, 44), (18, 18, 60), (30, 30, 60)], ids=["ordinary", "small", "very-large"]
)
def test_letters_and_targets_are_large_enough(live_server, browser, world, case, size, letter, target):
    set_elder_size(actor=world.chief, size=size)
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
    context.add_cookies([{"name": "elder", "value": str(size), "url": live_server.url}])
    page = context.new_page()
    complaints = complaints_of(page)
    wrong = measured(page, live_server, reverse("sign_in"), letter, target)
    wrong += measured(page, live_server, reverse("resident", args=[case.token]), letter, target)
    page.goto(live_server.url + reverse("sign_in"))
    page.fill("input[name=username]", world.chief.phone)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_load_state()
    for url in (
        "/",
        reverse("report"),
        case.get_absolute_url(),
        reverse("inbox"),
        reverse("messages"),
        reverse("notices"),
    ):
        wrong += measured(page, live_server, url, letter, target)
    assert wrong == []
    assert complaints == []


IN_THE_WAY = """() => {
  const box = (one) => one.getBoundingClientRect();
  const over = (one, two) => box(one).bottom > box(two).top + 1 && box(one).top < box(two).bottom - 1;
  const wrong = [];
  for (const count of document.querySelectorAll(".nav__count")) {
    if (box(count).right > innerWidth || box(count).left < 0) wrong.push("the count is cut off");
  }
  for (const field of document.querySelectorAll(".search__input")) {
    const icon = box(field.parentElement.querySelector(".icon"));
    const begins = box(field).left + parseFloat(getComputedStyle(field).paddingLeft);
    if (icon.right > begins) wrong.push("the icon lies on the words");
  }
  const bar = document.querySelector(".filing__send"), voice = document.querySelector("#filing-voice");
  if (bar) {
    voice.scrollIntoView({ block: "end" });
    if (over(voice, bar)) wrong.push("the bar lies on the button to speak");
  }
  return wrong;
}"""


@pytest.mark.parametrize("size", [18, 30])
def test_nothing_lies_on_anything_else(live_server, browser, world, case, size):
    set_elder_size(actor=world.chief, size=size)
    page = Phone(browser, live_server.url).sign_in(world.chief)
    wrong = []
    for url in ("/", reverse("report"), reverse("inbox"), reverse("cases"), reverse("messages")):
        page.goto(live_server.url + url)
        wrong += [f"{url}: {one}" for one in page.evaluate(IN_THE_WAY)]
    assert wrong == []


def measured(page, live_server, url: str, letter: int, target: int) -> list[str]:
    """Return what is too small on the page, and whether it is wider than the screen."""
    assert page.goto(live_server.url + url).status == 200
    found = page.evaluate(MEASURE)
    assert found["letters"]
    assert found["targets"]
    if folder := os.environ.get("LINJIANG_PICTURES"):
        page.screenshot(path=f"{folder}/{letter}{url.replace('/', '_')[:12]}.png", full_page=False)
    return [
        *(f"{url}: {name} {px} px" for name, px in found["letters"].items() if px < letter),
        *(f"{url}: {name} {px} px" for name, px in found["targets"].items() if px < target),
        *([f"{url} is too wide: {found['wide'][:9]}"] if found["wide"] else []),
    ]

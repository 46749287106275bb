"""The page in a real browser: twenty users in a row, the keyboard, a phone, markup that stays text.

Needs gradio, Chromium with its driver, and selenium. Screenshots are left in ``RAD_SCREENSHOTS``, if it names a folder.
"""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from benchmarks.app import view
from benchmarks.app.actions import Actions, Session
from benchmarks.app.keeping import Keeper
from benchmarks.app.moves import SHOWN
from rad.errors import RadError
from rad.rationales import text
from rad.runtime.files import read_jsonl
from tests.benchmarks.app.conftest import EVIL
from tests.support.chromium import chromium, needs_chromium

USERS = 20
PHONE = {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": True}


def test_what_comes_from_data_is_escaped(actions, session):
    panels = view.rendered(actions, actions.edit(session, "strike", {"line": 0}))
    for name in ("history", "rationale", "facts", "ranking"):
        assert "<img" not in panels[name]
    assert "&lt;img src=x onerror=&#34;" in panels["history"] and EVIL not in view.adder(actions)
    hostile = replace(session, message=f"{EVIL}\x00\u202e", is_error=True)
    assert "<img" not in (words := view.rendered(actions, hostile)["message"]) and "\x00" not in words


def test_before_a_user_is_chosen_the_panels_are_empty(actions):
    panels = view.rendered(actions, Session(message="no", is_error=True))
    assert panels["history"] == panels["text"] == "" and ">no</p>" in panels["message"] and "<h1>" in panels["about"]


def test_a_reason_that_no_count_supports_is_marked(actions, session):
    words = "After garment hat, as in [1], comes garment coat in 1 of 900 cases (usually 1 in 4): most likely."
    reworded = actions.reword(session, words)
    assert "No count supports it: your word alone." in view.rendered(actions, reworded)["rationale"]
    assert "No count supports it" not in view.rendered(actions, session)["rationale"]


def test_a_port_that_is_taken_is_a_line(actions):
    page = pytest.importorskip(
        "benchmarks.app.page", reason="needs gradio: pip install -e '.[app]'", exc_type=ImportError
    )
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        with pytest.raises(RadError, match=f"port {number}: taken, or too busy a machine"):
            page.launch(page.blocks(actions), number, wait=False)


# --- in a browser ---


class Page:
    """What the tests do with the page; every wait ends, or fails after a minute."""

    def __init__(self, driver, address):
        self.driver = driver
        driver.get(address)
        self.until("document.querySelectorAll('.rad-ranking li').length")

    def run(self, script):
        return self.driver.execute_script(script)

    def until(self, condition):
        end = time.monotonic() + 60
        while not self.run(f"return {condition}"):
            assert time.monotonic() < end, condition
            time.sleep(0.02)

    @contextmanager
    def changed(self):
        """Waits for the page to be rendered anew: it is marked, and the next message takes the mark away."""
        self.run("document.querySelector('.rad-message').dataset.old = 1")
        yield
        self.until("document.querySelector('.rad-message') && !document.querySelector('.rad-message').dataset.old")

    def do(self, script):
        with self.changed():
            self.run(script)

    def click(self, label):
        self.do(
            f"[...document.querySelectorAll('button')].find(b => b.textContent.trim() == {json.dumps(label)}).click()"
        )

    @property
    def message(self):
        return self.run("return document.querySelector('.rad-message').textContent")

    @property
    def ranking(self):
        return tuple(
            self.run("return [...document.querySelectorAll('.rad-ranking:not(.rad-gone) li')].map(x => x.dataset.item)")
        )

    @property
    def words(self):
        return self.run("return document.querySelector('.rad-text textarea').value")

    @property
    def focus(self):
        return self.run("return document.activeElement.id")

    @property
    def user(self):
        return self.run("return document.querySelector('.rad-who b').textContent")


@contextmanager
def served(actions):
    page = pytest.importorskip(
        "benchmarks.app.page", reason="needs gradio: pip install -e '.[app]'", exc_type=ImportError
    )
    blocks = page.blocks(actions)
    try:
        yield page.launch(blocks, None, wait=False)
    finally:
        blocks.close()


def picture(driver, name):
    if folder := os.environ.get("RAD_SCREENSHOTS"):
        driver.save_screenshot(os.path.join(folder, f"app_{name}.png"))


@pytest.fixture(scope="module")
def shared(users, tmp_path_factory):
    """The actions and the page, open in a browser with logs."""
    actions = Actions(users, Keeper(users, tmp_path_factory.mktemp("feedback"), "anna"))
    with served(actions) as address, chromium(tmp_path_factory.mktemp("profile"), logs=True) as driver:
        yield actions, driver, address


@pytest.mark.slow
@needs_chromium
@pytest.mark.enable_socket
def test_twenty_users_in_a_row(shared):
    """Every edit's ranking is that of ``rank_given`` for the text that is shown; no error, and nothing from outside."""
    actions, driver, address = shared
    page, model = Page(driver, address), actions.users.model
    value = f"garment {next(v for a, v in actions.facts.catalogue.values if a == 'garment')}"
    times, edits = [], 0

    def edit(script):
        nonlocal edits
        clock = time.perf_counter()
        page.do(script)
        times.append(1000 * (time.perf_counter() - clock))
        assert "rad-error" not in page.run("return document.querySelector('.rad-message').className"), page.message
        read = text.rationale(query, text.parse(page.words), "edited", "m", "1")
        assert page.ranking == next(iter(model.rank_given([query], [read]))).ranking[:SHOWN], page.message
        edits += 1

    for number in range(USERS):
        if number:
            page.click("Next")
        query = actions.users.examples[number].query
        assert page.user == query.user_id
        if page.run("return document.getElementById('strike-1') != null"):
            edit("document.getElementById('strike-1').click()")
            change = "s.dispatchEvent(new Event('change', {bubbles: true}))"
            edit(f"const s = document.getElementById('weigh-1'); s.selectedIndex = (s.selectedIndex + 2) % 5; {change}")
            edit("document.getElementById('strike-1').click()")
        edit("document.getElementById('fact-1').click()")
        edit(f"document.getElementById('add-value').value = {json.dumps(value)}; "
             "document.querySelector('.rad-adder button').click()")  # fmt: skip
        edit("[...document.querySelectorAll('button')].find(b => b.textContent.trim() == 'Undo').click()")
    print(f"{edits} edits in the browser: median {sorted(times)[len(times) // 2]:.0f} ms, longest {max(times):.0f} ms")
    page.click("Keep as feedback")
    [*_, (_, last)] = read_jsonl(actions.keeper.campaign.file("feedback.jsonl"))
    assert last["question"] == "verdict" and query.query_id in last["rationale_id"]
    assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    outside = [url for url in urls if url.startswith(("http", "ws")) and not url.startswith(address)]
    assert not outside and any(url.startswith(address) for url in urls)


@pytest.mark.slow
@needs_chromium
@pytest.mark.enable_socket
def test_by_keyboard_and_with_bad_input(shared):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    actions, driver, address = shared
    page = Page(driver, address)
    field = driver.find_element(By.CSS_SELECTOR, ".rad-pick textarea, .rad-pick input")

    def keys(*typed, into=None):
        with page.changed():
            (into or driver.switch_to.active_element).send_keys(*typed)

    field.send_keys("3")
    keys(Keys.ENTER, into=field)
    assert page.user == actions.users.examples[2].query.user_id and "as rationale_first wrote it" in page.message
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("nobody")
    keys(Keys.ENTER, into=field)
    assert "no user 'nobody'" in page.message and page.user == actions.users.examples[2].query.user_id
    page.run("document.getElementById('strike-1').focus()")
    for state in (True, False):
        keys(Keys.ENTER)
        assert page.run("return document.querySelectorAll('.rad-struck').length == 1") is state
        assert page.focus == "strike-1", "the focus stays where it was"
    page.run("document.getElementById('weigh-1').focus()")
    keys(Keys.ARROW_DOWN)
    assert page.focus == "weigh-1" and ": " in page.message
    box = driver.find_element(By.ID, "add-value")
    box.send_keys("no such thing")
    keys(Keys.ENTER, into=box)
    assert "choose a value" in page.message
    before = page.ranking
    area = driver.find_element(By.CSS_SELECTOR, ".rad-text textarea")
    area.send_keys(Keys.CONTROL, "a")
    area.send_keys("I just like red.")
    page.click("Rank from this text")
    assert "no sentence of the form: 'I just like red.'" in page.message and page.ranking == before
    driver.find_element(By.CSS_SELECTOR, ".rad-paste button").click()
    page.until("document.querySelector('.rad-paste textarea')?.offsetParent")
    paste = driver.find_element(By.CSS_SELECTOR, ".rad-paste textarea")
    for words, message in (("", "the history is empty"), ("a thing of nobody", "line 1: no item 'a thing of nobody'")):
        paste.send_keys(words)
        page.click("Rank for this history")
        assert message in page.message and page.ranking == before
    assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.mark.slow
@needs_chromium
@pytest.mark.enable_socket
def test_on_a_phone_in_both_lights_and_with_markup(shared):
    """Nothing is cut at 375 pixels, what was done stays in sight, and markup in titles and values is text."""
    _, driver, address = shared
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        page = Page(driver, address)
        page.click("Any")
        assert page.run("return document.documentElement.scrollWidth") == 375
        assert EVIL in page.run("return document.querySelector('.rad-ranking .rad-title').textContent")
        assert page.run("return document.title") == "RAD: argue with a recommendation", "nothing ran"
        assert page.run("return document.querySelectorAll('.rad-panel img').length") == 0
        picture(driver, "phone")
        page.run("document.getElementById('fact-1').scrollIntoView({block: 'end'})")
        page.do("document.getElementById('fact-1').click()")
        top = page.run("return document.querySelector('.rad-message').getBoundingClientRect().top")
        assert 400 < top < PHONE["height"], "the message is in sight, at the bottom"
        page.run("document.querySelector('.rad-lines a').click()")
        assert page.focus.startswith("bought-"), "a citation leads to the purchase"
        dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
        page = Page(driver, address)
        picture(driver, "phone_dark")
        title = "getComputedStyle(document.querySelector('.rad-ranking .rad-title')).color"
        colour = f"return {title}.match(/\\d+/g).map(Number)"
        assert min(page.run(colour)) > 180, "light letters on a dark ground"
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

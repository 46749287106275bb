"""The reviewers' pages in a real browser: sign in, read, correct, submit; markup in a draft stays text.

Needs Chromium with its driver (Debian: ``chromium chromium-driver``) and ``pip install selenium``. The screenshot
is left in ``RAD_SCREENSHOTS``, if that names a folder.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.support.review_server import WORLD

pytest.importorskip("selenium", reason="needs selenium")

from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from annotation.__main__ import main
from annotation.argilla.process import serving
from annotation.campaign import drafts, judgements
from annotation.campaign.folder import Campaign
from tests.support.chromium import chromium, needs_chromium

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("server_environment"),
    needs_chromium,
]
MARKUP = '\U0001f600 <img src=x onerror="document.title=1"><script>document.title=2</script><b>bold</b> &lt;i&gt; '


@pytest.fixture
def driver(tmp_path):
    with chromium(tmp_path / "profile") as driver:
        yield driver


def wait(driver, condition, patience=300):
    return WebDriverWait(driver, patience).until(lambda b: condition(b))


def one(driver, selector):
    return wait(driver, lambda b: b.find_elements(By.CSS_SELECTOR, selector))[0]


PLACE_OF_WORDS = """
const [field, words] = arguments, range = document.createRange();
const walker = document.createTreeWalker(field, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const at = walker.currentNode.data.lastIndexOf(words);
  if (at < 0) continue;
  range.setStart(walker.currentNode, at);
  range.setEnd(walker.currentNode, at + words.length);
  const box = range.getBoundingClientRect();
  return [box.left, box.right, (box.top + box.bottom) / 2].map(Math.round);
}
"""


def open_dataset(driver, name):
    wait(driver, lambda b: b.find_elements(By.XPATH, f"//h1[normalize-space(text())='{name}']"))[0].click()


def agree(driver):
    """At first sign-in nothing else is there."""
    open_dataset(driver, "consent")
    wait(driver, lambda b: "The time that you take for each record is measured" in one(b, "body").text)
    if folder := os.environ.get("RAD_SCREENSHOTS"):
        driver.save_screenshot(str(Path(folder) / "consent.png"))
    one(driver, "label[for=agreement_agree]").click()
    one(driver, "button[type=submit]:not([disabled])").click()
    wait(driver, lambda b: "100.00%" in one(b, "body").text)


def mark(driver, field, words):
    """Draw the mouse over the words, as a reviewer does."""
    left, right, middle = driver.execute_script(PLACE_OF_WORDS, field, words)
    actions = ActionBuilder(driver)
    mouse = actions.pointer_action
    mouse.move_to_location(left, middle).pointer_down().move_to_location(right, middle).pointer_up()
    actions.perform()


def test_a_reviewer_signs_in_corrects_and_submits(tmp_path, driver):
    campaign = Campaign(tmp_path / "camp")
    main(["draft", str(campaign.path), "--domain", WORLD, "--limit", "3"])
    path = campaign.file("drafts.jsonl")
    lines = [line for line in map(json.loads, path.read_text().splitlines()) if line["reasons"]]
    path.write_text("".join(json.dumps({**line, "text": MARKUP + line["text"]}) + "\n" for line in lines))
    with serving(campaign) as url:
        main(["push", str(campaign.path), "--reviewers", "anna"])
        driver.set_window_size(1500, 2600)  # the form without scrolling
        driver.get(f"{url}/sign-in")
        password = one(driver, "input[type=password]")
        driver.find_element(By.CSS_SELECTOR, "input[type=text]").send_keys("anna")
        password.send_keys(campaign.reviewers()["anna"]["password"], Keys.ENTER)
        agree(driver)
        driver.get(url)
        open_dataset(driver, "review")
        field = one(driver, "[aria-label='Data entry for Field: Draft rationale']")
        wait(driver, lambda _: "[" in field.text)
        assert "‹b›bold‹/b›" in field.text and "‹script›" in field.text, "markup is text"
        assert not field.find_elements(By.CSS_SELECTOR, "img, script, b")
        past = [line for line in one(driver, "body").text.splitlines() if line.startswith("[1] ")]
        assert past and "garment: " in past[0], "the history, with what the items are"
        facts = one(driver, "body").text.split("Further facts:\n")[1]
        assert facts.startswith("A. ") and "usually 1 in " in facts, "each fact with its numbers"
        last = field.text.split()[-1]
        driver.find_element(By.XPATH, "//label[contains(., 'Not supported by the history')]").click()
        mark(driver, field, last)
        edited = one(driver, "[contenteditable=true]")
        assert edited.text.startswith("\U0001f600 <img src=x onerror=") and "(" in edited.text, (
            "filled in with the draft"
        )
        edited.send_keys(Keys.CONTROL, "a")
        edited.send_keys("In my words [1].")
        for answer in (
            "plausibility_4",
            "trust_4",
            "errors_generic",
            "strike_1",
            "add_fact_A",
            "verdict_accept_edited",
        ):
            one(driver, f"label[for={answer}]").click()
        if folder := os.environ.get("RAD_SCREENSHOTS"):
            driver.save_screenshot(str(Path(folder) / "review.png"))
        one(driver, "button[type=submit]").click()
        deadline = time.monotonic() + 300
        answers: dict[str, str] = {}
        texts = {draft.rationale_id: draft.text for draft in drafts.read(campaign)}
        while not answers and time.monotonic() < deadline:
            main(["pull", str(campaign.path)])
            answers = {j.question: j.answer for j in judgements.read(campaign)}
            reviewed = {j.rationale_id for j in judgements.read(campaign)}
        assert driver.title not in ("1", "2"), "nothing in a record runs"
    assert (answers["plausibility"], answers["trust"], answers["verdict"]) == ("4", "4", "accept_edited")
    assert (answers["strike"], answers["weaken"], answers["add_fact"]) == ('["1"]', "[]", '["A"]')
    assert answers["errors"] == '["generic"]' and answers["edited"] == "In my words [1]."
    [[start, end, _]] = json.loads(answers["unsupported"])
    assert texts[reviewed.pop()][start:end] == last, "in characters, of which an emoji is one"

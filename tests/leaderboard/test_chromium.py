"""The leaderboard's page in a real browser: 500 entries, sorting, filtering, the keyboard, and markup that stays text.

Needs Chromium with its driver (Debian: ``chromium chromium-driver``) and ``pip install selenium``. Screenshots are left
in ``RAD_SCREENSHOTS``, if that names a folder.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.made_up_entries import many, summaries_of
from tests.support.site_pages import MARKUP, hostile

pytest.importorskip("selenium", reason="needs selenium")

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from leaderboard.site import pages
from leaderboard.site.folder import write
from leaderboard.site.rows import task_tables
from leaderboard.site.significance import SignificanceGroups

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver"),
]
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
SIZES = {"light": (1280, 1500, "light"), "dark": (1280, 1500, "dark"), "phone": (375, 1500, "light")}


def built(out: Path, entries, taken=None) -> Path:
    summaries = summaries_of(entries)
    for k, run_id in enumerate(summaries):  # every other rationale has more reasons than people read
        summaries[run_id] = replace(summaries[run_id], most_reasons=8 + 40 * (k % 2))
    tables = task_tables((e for e in entries if e.run_id not in (taken or {})), summaries)
    significance = [
        SignificanceGroups({row.first.run_id: 1 + k // 40 for k, row in enumerate(table.rows)}) for table in tables
    ]
    write(out, pages.pages(entries, taken or {}, tables, significance))
    return out


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """500 entries on one board."""
    return built(tmp_path_factory.mktemp("pages") / "site", many(500))


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """``drive(javascript=True)`` gives a browser; each is started once."""
    drivers: dict[bool, webdriver.Chrome] = {}

    def start(javascript: bool = True) -> webdriver.Chrome:
        if javascript not in drivers:
            options = webdriver.ChromeOptions()
            options.binary_location = CHROMIUM
            for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
                options.add_argument(flag)
            if not javascript:
                options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
            options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
            drivers[javascript] = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        return drivers[javascript]

    yield start
    for driver in drivers.values():
        driver.quit()


@pytest.fixture
def driver(drive):
    driver = drive()
    _as(driver, "light")
    yield driver
    assert [line["message"] for line in driver.get_log("browser")] == [], "the console is quiet"


def _as(driver, kind: str) -> None:
    width, height, scheme = SIZES[kind]
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )


def _head(driver, title, part="#plain-table"):
    headers = driver.find_elements(By.CSS_SELECTOR, f"{part} th[data-column]")
    return next(th for th in headers if th.text.split("\n")[0].strip() == title)


def _column(driver, number, part="#plain-table"):
    """Values of a column from above, of the rows that are shown; None where one is missing."""
    return driver.execute_script(
        "return [...document.querySelectorAll(arguments[1] + ' tbody.models tr')].filter(r => !r.hidden)"
        ".map(r => r.cells[arguments[0]].dataset.value ?? null)",
        number,
        part,
    )


def _shoot(driver, name: str) -> None:
    if folder := os.environ.get("RAD_SCREENSHOTS"):
        driver.save_screenshot(str(Path(folder) / f"{name}.png"))


def test_500_entries_load_sort_filter_and_open(site, driver, capsys):
    clock = time.perf_counter()
    driver.get((site / "world-full-test.html").as_uri())
    loaded = time.perf_counter() - clock
    ready = driver.execute_script("return performance.getEntriesByType('navigation')[0].domComplete")
    rows = len(_column(driver, 0, "#parts"))
    assert len(_column(driver, 0, "#headline-table")) > 40 and len(_column(driver, 0, "#other-table")) > 40
    assert set(_column(driver, 1, "#other-table")) == {"more than 12 reasons"}
    assert rows > 400 and f"{rows} of {rows} models shown" in driver.find_element(By.CLASS_NAME, "count").text
    ndcg = [float(v) for v in _column(driver, 2)]
    assert ndcg == sorted(ndcg, reverse=True), "the best first, before anything is clicked"

    sort = (
        "const start = performance.now(); arguments[0].click(); document.body.offsetHeight;"
        "return performance.now() - start"
    )
    recall = _head(driver, "Recall@10", "#further-table")
    took = driver.execute_script(sort, recall.find_element(By.TAG_NAME, "button"))
    cells = _column(driver, 1, "#further-table")
    values = [float(v) for v in cells if v is not None]
    assert values == sorted(values, reverse=True) and cells[: len(values)] == [v for v in cells if v is not None]
    assert len(values) < len(cells), "what is missing stands last"
    assert recall.get_attribute("aria-sort") == "descending"
    recall.find_element(By.TAG_NAME, "button").click()
    cells = _column(driver, 1, "#further-table")
    assert [float(v) for v in cells[: len(values)]] == sorted(values) and set(cells[len(values) :]) == {None}
    _head(driver, "Model and submitter").find_element(By.TAG_NAME, "button").click()
    assert _column(driver, 0)[:2] == ["model_002", "model_004"]

    words = driver.find_element(By.CSS_SELECTOR, "form.filter input")
    words.send_keys("team 7")
    shown = _column(driver, 0, "#parts")
    assert 0 < len(shown) < rows
    assert f"{len(shown)} of {rows} models shown" in driver.find_element(By.CLASS_NAME, "count").text
    words.clear()
    words.send_keys("MODEL_003")
    assert _column(driver, 0, "#parts") == ["model_003"]
    words.clear()
    words.send_keys("12 reasons")
    assert len(_column(driver, 0, "#parts")) == len(_column(driver, 0, "#other-table")) > 40
    words.clear()
    words.send_keys("MODEL_003")
    driver.find_element(By.LINK_TEXT, "model_003").click()
    assert driver.find_element(By.TAG_NAME, "h1").text == "model_003"
    assert "Because of [1], something blue." in driver.find_element(By.TAG_NAME, "blockquote").text
    driver.find_element(By.LINK_TEXT, "world, full, test").click()
    assert driver.current_url.endswith("world-full-test.html")
    size = (site / "world-full-test.html").stat().st_size
    with capsys.disabled():
        print(f"\n500 entries, {rows} rows, {size / 1e6:.2f} MB: complete after {ready:.0f} ms", end="")
        print(f" ({loaded:.1f} s with the driver), sorted in {took:.0f} ms")


def test_the_keyboard_is_enough(site, driver):
    driver.get((site / "world-full-test.html").as_uri())
    body = driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    skip = driver.switch_to.active_element
    assert skip.text == "Skip to the content" and skip.rect["x"] >= 0, "the first stop, and seen"
    skip.send_keys(Keys.ENTER)
    assert driver.switch_to.active_element.get_attribute("id") == "content"
    head = _head(driver, "Soundness", "#headline-table")
    for _ in range(60):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        if driver.switch_to.active_element == head.find_element(By.TAG_NAME, "button"):
            break
    button = driver.switch_to.active_element
    assert button.tag_name == "button" and button.text.startswith("Soundness")
    assert driver.execute_script("return getComputedStyle(arguments[0]).outlineStyle", button) == "solid"
    button.send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "descending"
    button.send_keys(Keys.SPACE)
    assert head.get_attribute("aria-sort") == "ascending"


def test_every_page_fits_a_phone_in_light_and_dark(site, driver):
    for page in ("index.html", "world-full-test.html", "entries/model_003-model-00301.html"):
        for kind in SIZES:
            _as(driver, kind)
            driver.get((site / page).as_uri())
            wide = driver.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
            assert wide[0] <= wide[1] == SIZES[kind][0], f"{page} scrolls sideways ({kind})"
            regions = "[...document.querySelectorAll('#parts .wide')].map(e => [e.scrollWidth, e.clientWidth])"
            for inner, outer in driver.execute_script(f"return {regions}") if kind != "phone" else ():
                assert inner <= outer, f"a table of {page} scrolls sideways ({inner} in {outer})"
            ground = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
            assert (ground == "rgb(255, 255, 255)") == (kind != "dark")
            _shoot(driver, f"{page.partition('/')[0].removesuffix('.html')}-{kind}")
            driver.execute_script("document.querySelector('figure, #examples')?.scrollIntoView()")
            _shoot(driver, f"{page.partition('/')[0].removesuffix('.html')}-{kind}-below")


def test_it_reads_without_javascript(site, drive):
    driver = drive(javascript=False)
    driver.get((site / "world-full-test.html").as_uri())
    assert len(driver.find_elements(By.CSS_SELECTOR, "tbody.models tr")) > 400
    assert not driver.find_elements(By.CSS_SELECTOR, "th button")
    assert not driver.find_element(By.CSS_SELECTOR, "form.filter").is_displayed(), "nothing that does not work"
    assert driver.find_element(By.LINK_TEXT, "model_003").is_displayed()
    assert len(driver.find_elements(By.CSS_SELECTOR, "svg.plot")) == 3


def test_it_works_below_a_path_and_asks_for_nothing_else(site, driver):
    paths = []

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path):
            paths.append(path)
            prefix = "/some/where/"
            return super().translate_path(path.removeprefix(prefix[:-1]) if path.startswith(prefix) else "/absent")

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            driver.get_log("performance")
            driver.get(f"http://127.0.0.1:{server.server_port}/some/where/index.html")
            driver.find_element(By.LINK_TEXT, "world, full, test").click()
            _head(driver, "MRR", "#further-table").find_element(By.TAG_NAME, "button").click()
            assert _head(driver, "MRR", "#further-table").get_attribute("aria-sort") == "descending"
            driver.find_element(By.LINK_TEXT, "model_003").click()
            assert driver.find_element(By.TAG_NAME, "h1").text == "model_003"
        finally:
            server.shutdown()
    wanted = [path for path in paths if path != "/favicon.ico"]  # the browser's own idea
    assert wanted and all(path.startswith("/some/where/") for path in wanted)
    assert {Path(path).name for path in wanted} == {
        *("index.html", "world-full-test.html", "model_003-model-00301.html", "page.css", "page.js")
    }
    driver.get_log("browser")  # the favicon that is not there


def test_script_that_was_sent_is_text(tmp_path, driver):
    site = built(tmp_path / "site", [hostile(), *many(3)])
    pages = sorted(site.rglob("*.html"))
    assert len(pages) == 7
    seen = 0
    for path in pages:
        driver.get(path.as_uri())
        assert "pwned" not in driver.title.replace(MARKUP, ""), path.name
        assert not driver.find_elements(By.TAG_NAME, "img")
        assert len(driver.find_elements(By.TAG_NAME, "script")) == 1
        seen += MARKUP.split("<img")[0] in driver.find_element(By.TAG_NAME, "body").text
    assert seen >= 3, "shown as it was written: on the index, on its board and on its own page"
    driver.get(next(p for p in pages if p.parent.name == "entries" and p.name.startswith("_script")).as_uri())
    assert driver.find_element(By.TAG_NAME, "blockquote").text == MARKUP
    assert MARKUP in driver.find_element(By.CSS_SELECTOR, "pre.text").text
    _shoot(driver, "hostile")
    inline = "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)"
    driver.execute_script(inline)
    assert driver.title != "1", "the page's policy refuses script that is not its own file"
    assert "Content Security Policy" in "".join(line["message"] for line in driver.get_log("browser"))

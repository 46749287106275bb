"""What the README, ``CONTRIBUTING.md`` and ``docs/`` show works: commands and files exist, code runs as it stands."""

from __future__ import annotations

import functools
import importlib
import os
import re
import subprocess
import sys

import pytest
import yaml

from rad import registry
from tests.support import documents
from tests.support.documents import ROOT

PAGES = documents.pages()
COMMANDS = sorted({command for text in PAGES.values() for command in documents.commands(text)})


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_exists(page):
    text = PAGES[page]
    for path in documents.paths(text):
        assert list(ROOT.glob(path)), path
    for name in re.findall(r"--(?:model|drafter) ([a-z_0-9]+)", text):
        # what lm-eval calls models, the drafter that reads finished runs, and what the page itself adds
        others = ["hf", "rad", "file", *documents.NEW]
        assert name in [*registry.names("benchmarks.models"), *registry.names("annotation.drafters"), *others], name
    for name in re.findall(r"rad (?:describe|check|load|push) ([a-z_]+)\b(?!/)", text):
        assert name in [*registry.names("rad.domains"), *documents.NEW], name


@pytest.mark.parametrize("page", [p for p in PAGES if not p.startswith("docs/")])
def test_the_links_of_a_page_lead_somewhere(page):
    """Those of the site are checked when it is built."""
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", PAGES[page]):
        assert (ROOT / page).parent.joinpath(target).exists(), target


@functools.cache
def help_of(words: tuple[str, ...]) -> str:
    """What ``python -m WORDS --help`` prints."""
    done = subprocess.run([sys.executable, "-m", *words, "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_shown_has_the_flags_that_are_shown(command):
    module, *rest = command.split()
    words = [module]
    if module in ("rad", "annotation", "leaderboard") and rest and rest[0].isalpha():
        words.append(rest.pop(0))
        assert words[1] in importlib.import_module(f"{module}.__main__").COMMANDS
        if "COMMAND [ARGS]" in help_of(tuple(words)) and rest and rest[0].isalpha():
            words.append(rest.pop(0))  # a command of a command: leaderboard season new
    assert importlib.util.find_spec(module), module
    if module == "benchmarks.lm_eval_tasks":
        return  # its flags are those of lm-eval, which may be missing
    for flag in re.findall(r"(?<=\s)--[a-z][\w-]*", command):
        assert re.search(rf"{flag}\b", help_of(tuple(words))), f"{flag} in: {command}"


@pytest.mark.parametrize(
    "page", [p for p, text in PAGES.items() if p.startswith("docs/") and documents.python_blocks(text)]
)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {"__name__": "page"}
    for block in documents.python_blocks(PAGES[page]):
        if "--8<--" not in block:
            exec(compile(block, page, "exec"), namespace)


def test_the_commands_of_the_readme_are_in_the_reference():
    """As they stand, or with more flags."""
    reference = documents.commands(PAGES["docs/commands.md"])
    for command in documents.commands(PAGES["README.md"]):
        assert any(line.startswith(command) for line in reference), command


def test_the_two_commands_install_from_the_lock():
    command = documents.block(PAGES["README.md"], "test command")
    assert "-c constraints.txt -e '.[bench,dev]'" in command and "pytest" in command
    lock = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "torch==2.13.0\n" in lock and "+cpu" not in lock and "/" not in lock


def test_workflows_and_templates_are_yaml():
    for path in [*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"]:
        assert yaml.safe_load(path.read_text(encoding="utf-8")), path


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    """And its pages fetch nothing from elsewhere: no font, script or style. With ``-q`` warnings would not count."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path / "site")],
        **{"capture_output": True, "text": True, "cwd": ROOT},
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    for path in (tmp_path / "site").rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        fetched = re.findall(
            r'<(?:script[^>]* src|link[^>]*rel="(?:stylesheet|preconnect)"[^>]* href)="(https?:[^"]*)"', page
        )
        assert not fetched, f"{path.relative_to(tmp_path)}: {fetched}"

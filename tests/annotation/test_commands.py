"""The command line: what it lists without importing, and what it refuses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from annotation import guidelines
from annotation.__main__ import main, summary
from rad.errors import RadError
from rad.rationales.text import parse, write


def test_commands_are_listed_without_importing_them():
    code = (
        "import sys; from annotation.__main__ import summary, COMMANDS; [summary(c) for c in COMMANDS]; "
        "print('argilla' in sys.modules, 'numpy' in sys.modules, summary('no_such'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "None"]


def test_unknown_command(capsys):
    with pytest.raises(SystemExit):
        main(["drat"])
    assert "unknown command 'drat' (did you mean 'draft'?)" in capsys.readouterr().err


def test_guidelines_have_a_version():
    assert guidelines.read().version == "3"


def test_a_campaign_may_have_guidelines_of_its_own(tmp_path):
    (tmp_path / "guidelines.md").write_text("# Ours\n\nVersion 2.1-lab. Be strict.\n")
    own = guidelines.read(tmp_path)
    assert own.version == "2.1-lab" and own.of_reviews.startswith("# Ours") and "Withdrawing" in own.of_reviews
    assert own.of_comparisons == guidelines.read().of_comparisons
    (tmp_path / "guidelines.md").write_text("# Ours\n")
    with pytest.raises(RadError, match=r"says no version: begin a line with 'Version 1\.'"):
        guidelines.read(tmp_path)


def test_examples_of_the_guidelines_are_in_the_form_of_drafts():
    """But for the bad ones, which say why they are."""
    quoted = dict(re.findall(r'^\*\*(\w+)[^*]*\*\*: "([^"]+)"', guidelines.read().reviewing, re.MULTILINE))
    assert set(quoted) == {"Good", "Needs", "Honest", "Bad"}
    for name in ("Good", "Needs", "Honest"):
        words = " ".join(quoted[name].split())
        assert write(parse(words)) == words


def test_the_manual_names_commands_that_exist():
    text = (Path(guidelines.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"python -m annotation (\w+)", text)) | set(re.findall(r"`(\w+) DIR", text))
    assert {"draft", "serve", "push", "pull", "agreement", "demo", "withdraw"} <= named
    assert all(summary(command) for command in named), named

"""The example of the format in the manual is an entry; the workflow is valid and its commands exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from leaderboard.__main__ import COMMANDS, main
from leaderboard.verification.entry import Entry, entries_folder, parse
from rad.data.load import open_dataset

FOLDER = Path(__file__).parents[2] / "leaderboard"
WORKFLOW = FOLDER / "workflow.yml"


def parsed(line: str) -> str:
    """The command of a line ``python -m leaderboard ...``; SystemExit where its arguments are none."""
    words = shlex.split(line.partition("  #")[0])
    name = words[3]
    assert name in COMMANDS
    with main.parser.make_context("leaderboard", words[3:]) as context:
        main.parser.get_command(context, name).make_context(name, words[4:]).close()
    return name


def test_the_manuals_example_is_an_entry():
    (example,) = re.findall(r"```json entry\n(.*?)```", (FOLDER / "README.md").read_text(), re.S)
    entry, violations = parse(Entry, json.loads(example))
    assert entry is not None, violations
    assert entry.predictions.path == f"{entry.run_id}.predictions.jsonl.gz"


@pytest.mark.slow
def test_the_manuals_example_states_the_data_that_are_in_force():
    (example,) = re.findall(r"```json entry\n(.*?)```", (FOLDER / "README.md").read_text(), re.S)
    claimed, data = json.loads(example)["result"], open_dataset("world")
    assert claimed["dataset"] == {"version": data.version, "sha256": data.sha256}
    assert claimed["task"]["n"] == len(data.examples["test"])


def test_the_manuals_commands_exist():
    lines = re.findall(r"^python -m leaderboard .*$", (FOLDER / "README.md").read_text(), re.M)
    assert {parsed(line) for line in lines} == set(COMMANDS)


def test_the_workflow_verifies_requests_and_builds_on_main():
    raw = yaml.safe_load(WORKFLOW.read_text())
    when = raw.get("on", raw.get(True))  # YAML 1.1 reads the word as true
    assert when == {"pull_request": None, "push": {"branches": ["main"]}}
    assert raw["permissions"] == {"contents": "read"}
    steps = {name: [s["run"] for s in job["steps"] if "run" in s] for name, job in raw["jobs"].items()}
    commands = {
        name: [parsed(line.strip()) for run in runs for line in run.splitlines() if "-m leaderboard" in line]
        for name, runs in steps.items()
    }
    assert commands == {"verify": ["verify", "verify"], "build": ["build"]}
    assert all("--changed-since" in run for run in steps["verify"] if "-m leaderboard" in run)
    assert raw["jobs"]["verify"]["if"] == "github.event_name == 'pull_request'"
    assert raw["jobs"]["build"]["if"] == "github.event_name == 'push'"
    assert not any("${{" in run for runs in steps.values() for run in runs)  # nothing of a request is put into a shell
    for job in raw["jobs"].values():
        (checkout,) = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout")]
        assert checkout["with"]["persist-credentials"] is False


def test_what_the_workflow_installs_is_a_requirement_on_this_project():
    """pip reads it as it stands in the shell: a version, extras and an address in one valid requirement."""
    env = yaml.safe_load(WORKFLOW.read_text())["env"]
    required = Requirement(env["RAD"])
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]
    assert required.name == project["name"] and required.extras == {"bench"} <= project["optional-dependencies"].keys()
    assert required.url.startswith(project["urls"]["Source"]) and f"v{project['version']}" in required.url
    assert WORKFLOW.read_text().count('run: python -m pip install "$RAD"') == 2


def test_the_workflows_shell_refuses_what_is_changed_beside_the_entries(tmp_path):
    (step,) = (
        s for s in yaml.safe_load(WORKFLOW.read_text())["jobs"]["verify"]["steps"] if "only" in s.get("name", "")
    )

    def git(*words: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    def sent(file: str) -> subprocess.CompletedProcess[str]:
        git("checkout", "-q", "-B", "request", "main")
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        git("add", file)
        git("commit", "-m", "more")
        env = {**os.environ, "BASE": "main"}
        return subprocess.run(["bash", "-e", "-c", step["run"]], cwd=tmp_path, env=env, capture_output=True, text=True)

    git("init")
    git("commit", "--allow-empty", "-m", "first")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert sent("entries/a/b.json").returncode == 0
    assert sent("submissions/a/b.json").returncode == 0
    done = sent(".github/workflows/mine.yml")
    assert done.returncode == 1 and "mine.yml" in done.stdout


def test_an_installed_package_keeps_entries_where_the_user_stands(tmp_path):
    assert entries_folder(tmp_path) == Path("entries")
    (tmp_path / "pyproject.toml").touch()
    assert entries_folder(tmp_path) == tmp_path / "leaderboard" / "entries"

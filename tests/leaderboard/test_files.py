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
from leaderboard.owners.withdrawals import withdrawal_violations
from leaderboard.verification.entry import Entry, Signature, entries_folder, parse
from rad.data.load import open_dataset
from tests.support.made_up_entries import entry, stored

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


@pytest.mark.parametrize(
    "name",
    [b"a\xff.json", b"a\x1b[31m.json", b"a\nok popularity.json", "a\u202eb.json".encode(), b"x" * 250 + b".json"],
)
def test_no_name_of_a_file_takes_the_page_down_or_writes_a_line(tmp_path, capsys, name):
    root = stored(tmp_path / "entries", [entry("a", 0.1)])
    with open(os.fsencode(root / "a") + b"/" + name, "w") as file:
        file.write("{}")
    assert main(["verify", "--entries", str(root), "--data-dir", str(tmp_path)]) == 1
    assert main(["build", "--entries", str(root), "--out", str(tmp_path / "site")]) == 0
    out = "".join(capsys.readouterr())
    assert out.replace("\n", "").isprintable() and "\nok popularity" not in out and "1 left out" in out
    assert "schema_version" in (tmp_path / "site/index.html").read_text()


def test_a_withdrawal_that_verify_refuses_takes_nothing_back(tmp_path, capsys):
    mine = entry("a", 0.1, signature=Signature(key="ssh-ed25519 " + "A" * 68, value="x"))
    root = stored(tmp_path / "entries", [mine])
    forged = {"schema_version": 1, "run_id": mine.run_id, "reason": "gone", "withdrawn_at": "2026-01-31T12:00:00Z"}
    path = root / "a" / f"{mine.run_id}.withdrawn.json"
    path.write_text(json.dumps(forged | {"submitter": mine.submitter.model_dump()}))
    assert main(["build", "--entries", str(root), "--out", str(tmp_path / "site")]) == 0
    assert "0 withdrawn, 1 left out" in capsys.readouterr().out
    path.write_text(json.dumps(forged | {"submitter": mine.submitter.model_dump(), "reason": "a\u202eb"}))
    assert any("control characters" in line for line in withdrawal_violations(path))


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

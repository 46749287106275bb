"""A command line: how its arguments are read, what its help shows, and the one line for each mistake."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer import Argument, Option

from rad.errors import RadError, run
from rad.runtime import commands
from rad.runtime.commands import command, group, spread

CALLS: list[dict[str, object]] = []


@command
def main(
    folders: Annotated[list[Path], Argument(metavar="DIR", help="where")],
    model: Annotated[list[str] | None, Option(metavar="NAME", help="one or more")] = None,
    seed: Annotated[list[int] | None, Option(help="one or more")] = None,
    split: Annotated[Literal["test", "validation"], Option(help="which")] = "test",
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE")] = None,
    out: Annotated[Path, Option(metavar="DIR", help="results")] = Path("runs"),
    show: Annotated[bool, Option("--show", help="only the table")] = False,
) -> int:
    CALLS.append(locals())
    return 3 if show else 0


def new(name: str) -> None:
    """Make one.

    More of it.
    """
    CALLS.append({"new": name})


def answer(name: str, count: int = 1) -> int:
    """Answer one."""
    return count


def called(*arguments: str) -> dict[str, object]:
    CALLS.clear()
    main(list(arguments))
    return CALLS[0]


def test_lists_take_several_values_after_one_flag():
    call = called("a", "b", "--model", "x", "y", "--seed", "0", "-1", "--set", "k=1", "--set", "l=-2", "--out", "z")
    assert call["folders"] == [Path("a"), Path("b")] and call["out"] == Path("z")
    assert call["model"] == ["x", "y"] and call["seed"] == [0, -1] and call["settings"] == ["k=1", "l=-2"]
    assert called("a", "--out", "z", "b")["folders"] == [Path("a"), Path("b")]
    assert called("a", "--model", "x", "--", "--b")["folders"] == [Path("a"), Path("--b")]
    call = called("a")
    assert call["model"] is None and call["split"] == "test" and call["show"] is False


@given(st.lists(st.sampled_from(["--a", "--b", "x", "-1", "-", "--b=2"])))
def test_spread_keeps_every_value_in_order(words):
    try:
        out = spread(words, {"--a"})
    except ValueError as error:
        assert str(error) == "--a needs at least one value"
        return
    assert [w for w in out if w != "--a"] == [w for w in words if w != "--a"]
    assert all(not following.startswith("--") for flag, following in pairwise(out) if flag == "--a")


def test_the_status_is_what_main_returns():
    assert main(["a"]) == 0 and main(["a", "--show"]) == 3 and main.function([Path("a")]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing argument 'DIR'"),
        (["a", "--modl", "x"], "no such option: --modl (Possible options: --model)"),
        (["a", "--no-show"], "no such option: --no-show"),
        (["a", "--model", "--show"], "--model needs at least one value"),
        (["a", "--split", "train"], "invalid value for '--split': 'train' is not one of 'test', 'validation'"),
        (["a", "--seed", "x"], "invalid value for '--seed': Input should be a valid integer"),
    ],
)
def test_a_bad_option_is_one_line_and_status_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    line = capsys.readouterr().err
    assert end.value.code == 2 and line.startswith(f"error: {message}") and line.count("\n") == 1
    assert line.endswith(f"(python -m {__name__} --help says more)\n")


def test_a_choice_that_is_missing_is_one_line(capsys):
    @command
    def choose(split: Annotated[Literal["test", "validation"], Argument(metavar="SPLIT")]) -> None:
        CALLS.append(locals())

    with pytest.raises(SystemExit):
        choose([])
    line = capsys.readouterr().err
    assert line.startswith("error: missing argument 'SPLIT'. Choose from: test, validation (") and line.count("\n") == 1


def test_help_is_the_manual_word_for_word(capsys):
    from rad.commands import push

    with pytest.raises(SystemExit) as end:
        push.main(["--help"])
    out = capsys.readouterr().out
    assert end.value.code == 0 and out.endswith("\n") and "Usage: python -m rad.commands.push [OPTIONS]" in out
    assert all(f"  {line}\n" in out for line in (push.__doc__ or "").strip().splitlines() if line)
    assert "--dry-run " in out and "no-dry-run" not in out


def test_a_group_is_the_functions_of_a_module(capsys):
    actions = group(new, answer)
    assert actions(["answer", "x", "--count", "4"]) == 4 and actions(["new", "x"]) == 0 and CALLS[-1] == {"new": "x"}
    with pytest.raises(SystemExit):
        actions(["--help"])
    assert "    new        Make one.\n    answer     Answer one.\n" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        actions(["nw"])
    assert "unknown command 'nw' (did you mean 'new'?)" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        actions([])
    assert "which command? one of new, answer" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A package of commands, one of which needs what is not there."""
    (tmp_path / "toy_tool").mkdir()
    (tmp_path / "toy_tool/__init__.py").touch()
    text = '"""{summary}"""\n{first}\nfrom rad.runtime.commands import command\n@command\ndef main() -> int:\n {body}\n'
    for name, first, body in (
        ("good", "", "return 4"),
        ("early", "import no_such_library", "return 0"),
        ("late", "", "import no_such_library.part"),
        ("broken", "", "import no_such_module_of_ours"),
    ):
        (tmp_path / f"toy_tool/{name}.py").write_text(text.format(summary=f"Say {name}.", first=first, body=body))
    monkeypatch.syspath_prepend(tmp_path)
    names = ("good", "early", "late", "broken", "gone")
    return commands.package("toy_tool", "Toys.", names, {"no_such_library": "toys"})


def test_a_package_imports_only_the_command_that_is_asked_for(folder, capsys):
    with pytest.raises(SystemExit):
        folder(["--help"])
    out = capsys.readouterr().out
    assert "Usage: python -m toy_tool" in out and "    early      Say early.\n" in out and "gone" not in out
    assert not [name for name in sys.modules if name.startswith("toy_tool.")]
    assert folder(["good"]) == 4
    for name in ("early", "late"):
        with pytest.raises(RadError) as error:
            folder([name])
        expected = f"{name} needs 'no_such_library': pip install -c constraints.txt -e '.[toys]'"
        assert str(error.value) == expected
    with pytest.raises(ModuleNotFoundError):
        folder(["broken"])
    with pytest.raises(SystemExit):
        folder(["good", "--bad"])
    assert capsys.readouterr().err == "error: no such option: --bad (python -m toy_tool good --help says more)\n"


def test_importing_rad_needs_no_command_line():
    code = "import sys, rad; print('typer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("module", ["rad", "annotation", "benchmarks.run", "leaderboard"])
def test_an_interruption_while_a_command_is_imported_is_one_word(module, tmp_path):
    """A module that interrupts stands where the command imports typer."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    done = subprocess.run(
        [sys.executable, "-m", module],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stderr == "stopped\n" and done.returncode in (-signal.SIGINT, 130)


WITH_SEED = [
    ("benchmarks.run", "--model popularity"),
    ("benchmarks.compare", "nowhere"),
    ("benchmarks.scale", "--data nowhere --model popularity"),
    ("benchmarks.train", "sft --base small --out nowhere"),
    ("annotation.__main__", "agreement nowhere"),
    ("annotation.__main__", "draft nowhere"),
    ("annotation.__main__", "models nowhere"),
    ("annotation.__main__", "study plan nowhere --run nowhere"),
    ("annotation.__main__", "study simulate nowhere"),
    ("leaderboard.__main__", "season answer nowhere --model popularity --out nowhere"),
    ("rad.world.ceilings.__main__", "world"),
]


@pytest.mark.parametrize(("module", "words"), WITH_SEED)
def test_a_seed_below_0_is_refused_before_anything_is_opened(module, words, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["command", *words.split(), "--seed", "-1"])
    with pytest.raises(SystemExit) as left:
        run(importlib.import_module(module).main)
    error = capsys.readouterr().err.strip()
    assert left.value.code == 2 and error.count("\n") == 0 and "seed" in error and "0" in error, error

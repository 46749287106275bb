"""Train a language model to write rationales, with TRL, and save an ordinary checkpoint of Hugging Face.

    python -m benchmarks.train sft --domain world --base small --out checkpoints/sft
    python -m benchmarks.train sft --base Qwen/Qwen3-0.6B --lessons 20000 --out checkpoints/qwen
    python -m benchmarks.train grpo --base checkpoints/sft --out checkpoints/grpo
    python -m benchmarks.run --model rationale_first --set reasoner=language base=checkpoints/grpo lessons=0

``sft`` teaches what the selector of ``rationale_first`` would write (``SFTTrainer``; of a pretrained base an adapter
learns). ``grpo`` goes on from there on its own answers, rewarded by how likely the head finds what was bought
(``GRPOTrainer``). A run that was killed goes on from its last checkpoint when the same command is given again. For
several accelerators: ``accelerate launch -m benchmarks.train sft ...``.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from benchmarks.harness.experiment import SEEDS, model_settings
from rad.data.load import open_dataset
from rad.errors import RadError, run
from rad.reporting.console import console, table
from rad.runtime.commands import DataDir, command


@command
def main(
    stage: Annotated[Literal["sft", "grpo"], Argument(metavar="sft|grpo", help="supervised, or on policy")],
    out: Annotated[Path, Option(metavar="DIR", help="where the checkpoint will be")],
    base: Annotated[str, Option(metavar="NAME", help="small, smollm2, a Hub name or a folder")] = "small",
    domain: Annotated[str, Option(metavar="NAME", help="whose training split is learned from")] = "world",
    seed: Annotated[
        int, Option(metavar="N", min=0, max=SEEDS - 1, help="of the selector, the lessons and the training")
    ] = 0,
    lessons: Annotated[int, Option(metavar="N", help="training prefixes")] = 7000,
    form: Annotated[Literal["blanks", "words"], Option(help="sft: of answers; words for endpoints")] = "blanks",
    passes: Annotated[float, Option(metavar="N", help="sft: over the lessons")] = 1.0,
    steps: Annotated[int, Option(metavar="N", help="grpo: of the optimiser")] = 100,
    generations: Annotated[int, Option(metavar="N", help="grpo: answers a prompt")] = 8,
    batch_size: Annotated[int | None, Option(metavar="N", help="prompts a step (default: by base)")] = None,
    learning_rate: Annotated[float | None, Option(metavar="X", help="peak (default: by base)")] = None,
    save_steps: Annotated[int, Option(metavar="N", help="steps between checkpoints")] = 200,
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="of rationale_first")] = None,
    data_dir: DataDir = None,
) -> None:
    if out.exists():
        raise RadError(f"{out} is there already: name another folder, or delete it")
    if stage == "grpo" and base == "small":
        raise RadError("grpo goes on from a checkpoint of sft, not from a new base: --base DIR")
    others = model_settings(["rationale_first"], settings or [])["rationale_first"]
    if taken := sorted(others.model_fields_set & {"base", "base_url", "lessons", "rationale", "reasoner"}):
        raise RadError(f"--set {taken[0]}=: not here: a base learns (--base) from what the selector writes (--lessons)")
    held = others.model_dump(exclude_unset=True)
    from benchmarks.language import bases
    from benchmarks.models.rationale_first.author import stages  # torch, transformers and trl

    bases.check(base)
    counts = [lessons, passes, steps, generations, batch_size, learning_rate, save_steps]
    stages.begin(out, [stage, base, bases.fingerprint(base), domain, seed, form, *counts, held])
    school = stages.School(open_dataset(domain, data_dir), lessons, seed, held)
    if stage == "sft":
        notes = stages.sft(school, base, out, form, passes, batch_size, learning_rate, save_steps)
    else:
        notes = stages.grpo(school, base, out, steps, batch_size or 8, generations, learning_rate or 2e-4, save_steps)
    if not stages.is_main_process():
        return
    shutil.rmtree(stages.training_folder(out), ignore_errors=True)
    grid = table(f"{stage} on {domain}", "", "value")
    for name, value in notes.items():
        grid.add_row(name, f"{value:.4g}" if isinstance(value, float) else str(value))
    console.print(grid)
    tried = f"--model rationale_first --set reasoner=language base={out} lessons=0"
    print(f"checkpoint: {out}; try it: python -m benchmarks.run {tried}")


if __name__ == "__main__":
    run(main)

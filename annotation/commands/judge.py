"""Score a campaign's drafts with a judge that is no person, to see how far it agrees with people.

    python -m annotation judge CAMPAIGN --judge evidence
    python -m annotation judge CAMPAIGN --judge llm --base-url https://HOST/v1 --model NAME
    python -m annotation agreement CAMPAIGN                 shows judges beside people, and people among themselves

``evidence`` needs no language model: it scores how much likelier a draft's reasons make the item (plausibility alone).
``llm`` asks any OpenAI-compatible endpoint the form's questions under the reviewers' own guidelines; the key is read
from RAD_API_KEY or OPENAI_API_KEY and never written down. Answers go to ``judge-<name>.jsonl``, never among people's,
and how they came about (settings, counts, tokens, cost) to ``judge-<name>.json``. Endpoints' answers are kept, so a run
that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track

from annotation import guidelines
from annotation.agreement.measure import DRAFTS, read_drafts
from annotation.campaign.folder import Campaign, Settings
from annotation.campaign.judgements import ABSTAINED, INVALID, OPTIONS
from annotation.commands.draft import opened
from rad.data.dataset import Dataset
from rad.errors import RadError
from rad.reporting.console import console, table
from rad.runtime import provenance
from rad.runtime.files import atomic_write, cache_dir, sha256_file, write_jsonl
from rad.types import Example, Judgement, Rationale

if TYPE_CHECKING:
    from rad.llm.usage import Usage

GUIDELINES = Path(guidelines.__file__).with_name("guidelines.md")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("campaign", type=Path, metavar="CAMPAIGN", help="the campaign's folder")
    parser.add_argument("--judge", choices=("evidence", "llm"), default="evidence", help="default: evidence")
    parser.add_argument("--name", help="of the judge in files and tables (default: evidence, or the model's name)")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with raw files (default: RAD_DATA)")
    llm = parser.add_argument_group("for --judge llm")
    llm.add_argument("--base-url", metavar="URL", help="the endpoint, http://HOST:PORT/v1")
    llm.add_argument("--model", metavar="NAME", help="the model's name at the endpoint")
    llm.add_argument("--temperature", type=float, default=0.0, help="of sampling (default: 0)")
    llm.add_argument("--max-tokens", type=int, default=1000, metavar="N", help="longest answer (default: 1000)")
    llm.add_argument("--concurrency", type=int, default=8, metavar="N", help="requests at once (default: 8)")
    llm.add_argument("--price-in", type=float, metavar="P", help="price of a million prompt tokens")
    llm.add_argument("--price-out", type=float, metavar="P", help="price of a million answered tokens")


def main(args: argparse.Namespace) -> int:
    if args.judge == "llm" and not (args.base_url and args.model):
        raise RadError("--judge llm needs --base-url and --model")
    if args.concurrency < 1 or args.max_tokens < 1:
        raise RadError("--concurrency and --max-tokens must be at least 1")
    name = args.name or ("evidence" if args.judge == "evidence" else args.model.rpartition("/")[2])
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        raise RadError(f"--name may hold letters, digits, '.', '-' and '_' alone, got '{name}'")
    settings = Campaign(args.campaign).settings
    drafts = read_drafts(args.campaign)
    if not drafts:
        raise RadError(f"{args.campaign / DRAFTS}: no draft to judge")
    with Console(stderr=True).status(f"opening {settings.domain}"):
        data = opened(settings, data_dir=args.data_dir)
    cases = cases_of(data, drafts.values(), args.campaign / DRAFTS)
    judge, usage, version = _judge(args, data, settings)
    given = []
    shown = track(judge.judge(cases), "judging", len(cases), console=Console(stderr=True), transient=True)
    for (draft, _), said in zip(cases, shown, strict=True):
        given += [Judgement(draft.rationale_id, f"judge:{name}", q, said[q], version) for q in OPTIONS if q in said]
    counts = counted(given)
    record = {
        "schema_version": 1,
        "judge": args.judge,
        "name": name,
        **judge.record(),
        "drafts": len(cases),
        "answers": counts,
        "data": {DRAFTS: sha256_file(args.campaign / DRAFTS), "domain": data.sha256},
        "provenance": provenance.collect(),
    }
    path = args.campaign / f"judge-{name}.jsonl"
    write_jsonl(path, given)
    with atomic_write(path.with_suffix(".json")) as file:
        file.write(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    rows = table("", "question", "answers", "abstained", "invalid", "unanswered")
    for question, row in counts.items():
        asked = len(cases) - row["answers"]
        rows.add_row(question, *(f"{n:,}" for n in (*row.values(), asked)))
    console.print(rows)
    for why, n in record.get("unanswered", {}).items():
        console.print(f"{n:,} drafts without an answer ({why}); the same command asks for them again", markup=False)
    if usage is not None:
        console.print(usage.spoken(len(cases), "draft"), markup=False)
    console.print(f"wrote {path}; 'python -m annotation agreement {args.campaign}' sets it beside people", markup=False)
    return 0


def _judge(args: argparse.Namespace, data: Dataset, settings: Settings) -> tuple[Any, Usage | None, str]:
    """The judge, what it uses up, and the version of the guidelines that it answers under."""
    if args.judge == "evidence":
        from annotation.judges import evidence

        return evidence.Judge(data), None, f"evidence-{evidence.VERSION}"
    try:
        from rad.llm.client import Endpoint
    except ModuleNotFoundError as error:
        raise RadError(f"--judge llm needs '{error.name}': pip install -e '.[annotate]'") from error
    from annotation.judges import llm
    from rad.llm.usage import Usage

    usage = Usage(args.price_in, args.price_out)
    parameters = {"temperature": args.temperature, "max_tokens": args.max_tokens}
    endpoint = Endpoint(args.base_url, args.model, cache_dir() / "judge", parameters, concurrency=args.concurrency)
    guidelines = GUIDELINES.read_text(encoding="utf-8")
    return llm.Judge(data, endpoint, guidelines, usage), usage, settings.guideline_version


def counted(given: Sequence[Judgement]) -> dict[str, dict[str, int]]:
    """By question: how many answers there are, and of these abstained and invalid ones."""
    out = {}
    for question in [q for q in OPTIONS if any(one.question == q for one in given)]:
        kinds = Counter(one.answer for one in given if one.question == question)
        out[question] = {"answers": kinds.total(), "abstained": kinds[ABSTAINED], "invalid": kinds[INVALID]}
    return out


def cases_of(data: Dataset, drafts: Iterable[Rationale], where: Path) -> list[tuple[Rationale, Example]]:
    """Each draft with its example. :class:`RadError` on a draft of another domain."""
    examples = {e.query.query_id: e for rows in data.examples.values() for e in rows}
    out = []
    for number, draft in enumerate(drafts, 1):
        if draft.query_id not in examples:
            raise RadError(f"{where}:{number}: {data.name} has no query {draft.query_id}")
        out.append((draft, examples[draft.query_id]))
    return out

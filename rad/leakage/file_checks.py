"""Leak checks on a file that need not be RAD's own: ``python -m rad check FILE [--domain NAME]``.

Each line is a JSON object of one of four kinds, told by its fields:

- a rationale of RAD (it has ``reasons``): with ``--domain`` it is checked against its query, history and target, and
  where it states numbers, all of them are counted again;
- a prediction (it has ``ranking``): its ``rationale`` is checked in the same way;
- a list of candidates: ``query_id`` and ``candidates``; without ``--domain`` only duplicates can be found;
- any other published rationale: ``text``, and where known ``target`` (title of the answer) and ``history`` (titles).

Without a domain, wording and weights are checked, and whether ``text`` names ``target``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rad.data.dataset import Dataset
from rad.data.splits import SPLITS
from rad.errors import RadError
from rad.leakage.dataset_checks import CANDIDATES, candidate_violation, duplicate_candidate, rule_findings
from rad.leakage.finding import Finding, finding
from rad.leakage.plain_rationales import PlainRationale, plain_rules, plain_violations
from rad.rationales.facts import Facts
from rad.rationales.files import from_dict, states_numbers
from rad.rationales.rules import Rules, Violation, forbidden_wording, weight_violations
from rad.runtime import records
from rad.runtime.files import read_jsonl
from rad.types import Example, Prediction, Rationale

_TEXT_RULES = ("hindsight", "rating", "names_target", "weights")


def check_file(path: Path, data: Dataset | None) -> list[Finding]:
    """One finding a rule over all lines of ``path``. :class:`RadError` on a line that is none of the four kinds."""
    rows = [(number, _parse(record, f"{path}:{number}")) for number, record in read_jsonl(path)]
    if not rows:
        raise RadError(f"{path}: no lines")
    examples = _examples(data)
    rules = Rules(data.items) if data else None
    numbers = Rules(data.items, Facts.of(data.examples["train"], data.items)) if data else None
    plain = plain_rules([row for _, row in rows if isinstance(row, PlainRationale)])
    broken: dict[str, list[str]] = defaultdict(list)
    unknown, ids, total = [], Counter[str](), 0
    bad_lists, listed = [], 0
    for number, row in rows:
        if row is None:
            continue
        if isinstance(row, _Candidates):
            listed += 1
            example = examples.get(row.query_id)
            if data is not None and example is None:
                unknown.append(f"line {number}: {row.query_id}")
                continue
            listing = row.candidates
            bad = candidate_violation(data, example, listing) if data and example else duplicate_candidate(listing)
            if bad:
                bad_lists.append(f"line {number}: {bad}")
            continue
        total += 1
        violations: list[Violation] = []
        if isinstance(row, PlainRationale):
            violations = plain_violations(row, plain)
        elif rules is None or data is None:
            violations = [*forbidden_wording(row.text), *weight_violations(row)]
        elif (example := examples.get(row.query_id)) is None:
            unknown.append(f"line {number}: {row.query_id}")
        else:
            checks = numbers if numbers is not None and states_numbers(row) else rules
            for target in example.relevant:
                violations += checks.violations(row, example.query, data.items[target])
        if isinstance(row, Rationale):
            ids[row.rationale_id] += 1
        for rule, detail in {one.rule: one.detail for one in reversed(violations)}.items():
            broken[rule].append(f"line {number}: {detail}")
    candidates = [finding("candidates", bad_lists, listed, CANDIDATES)] if listed else []
    if listed and not total:
        return [*candidates, *_unknown(data, unknown, listed)]
    twice = [f"{name} ({n} times)" for name, n in ids.items() if n > 1]
    findings = [*candidates, finding("duplicate ids", twice, total, "rationale ids"), *_unknown(data, unknown, total)]
    return [*findings, *(rule_findings(broken, total) if data else rule_findings(broken, total, _TEXT_RULES))]


def _unknown(data: Dataset | None, unknown: list[str], total: int) -> list[Finding]:
    return [finding("unknown queries", unknown, total, f"lines whose query is not in {data.name}")] if data else []


def _examples(data: Dataset | None) -> Mapping[str, Example]:
    return {e.query.query_id: e for split in SPLITS for e in data.examples[split]} if data else {}


@dataclass(frozen=True, slots=True)
class _Candidates:
    query_id: str
    candidates: tuple[str, ...]


def _parse(record: Mapping[str, object], where: str) -> Rationale | _Candidates | PlainRationale | None:
    """The rationale of a line, a list of candidates, a plain published one, or None for a prediction without one."""
    if "candidates" in record:
        return records.parse(_Candidates, record, where)
    if "ranking" in record:
        return records.parse(Prediction, record, where).rationale
    if "reasons" in record:
        return from_dict(record, where)
    text, target, history = record.get("text"), record.get("target", ""), record.get("history", [])
    if not isinstance(text, str):
        raise RadError(f"{where}: lacks text (a string); a rationale has reasons, a prediction a ranking")
    if not isinstance(history, list) or not all(isinstance(title, str) for title in history):
        raise RadError(f"{where}: history: expected a list of titles")
    if not isinstance(target, str):
        raise RadError(f"{where}: target: expected a title")
    return PlainRationale(text, target, tuple(history))

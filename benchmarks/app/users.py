"""Whose rationales the page shows: the users of a finished run, those of a model's split, or a pasted history."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from benchmarks.app.critique import Critique
from benchmarks.explanations.faithfulness import as_run
from benchmarks.explanations.finished_run import DatasetCache, read_finished_run
from benchmarks.harness import fitting, runner
from benchmarks.harness.base import RationaleRecommender
from benchmarks.harness.experiment import Experiment, model_settings, refusal
from rad.data.dataset import Dataset
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.types import Example, Interaction, Query, Rationale

MOST_PASTED, LONGEST_LINE = 200, 1000  # lines of a pasted history, characters of one
PASTED = "pasted"
_RATED = re.compile(r"(.*\S)\s*\|\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Users:
    """Queries with the rationales that a fitted model wrote of them.

    Attributes:
        data: The data set.
        model: Fitted; it ranks from given rationales.
        examples: The queries, with their answers, which the page never shows.
        rationales: One a query where a finished run has them; else the model writes them when they are needed.
        title: The model, the data and the split, for the head of the page.
    """

    data: Dataset
    model: RationaleRecommender
    examples: Sequence[Example]
    rationales: Sequence[Rationale | None] | None
    title: str

    def __len__(self) -> int:
        return len(self.examples)

    def critique(self, number: int) -> Critique:
        """The rationale of a query by its number, from 0. :class:`RadError` where there is none."""
        query = self.examples[number].query
        rationale = self.rationales[number] if self.rationales is not None else self._written(query)
        if rationale is None:
            raise RadError(f"the run has no rationale of user {query.user_id}")
        return Critique.of(query, rationale)

    def number(self, words: str) -> int:
        """The query that ``words`` name: its number, from 1, or the first letters of its user's id."""
        words = words.strip()
        if words.isdecimal() and 1 <= int(words) <= len(self):
            return int(words) - 1
        hits = [k for k, user in enumerate(self._users) if words and user.startswith(words)]
        if not hits:
            raise RadError(f"no user {words[:80]!r}: a number from 1 to {len(self):,}, or how a user's id begins")
        return hits[0]

    def pasted(self, words: str) -> Critique:
        """What the model writes of a history, one item a line: its title or its id, perhaps with ``| RATING``.

        Raises:
            RadError: There is no line, or one that names no item of the catalogue.
        """
        lines = [(k, line.strip()) for k, line in enumerate(words.splitlines(), 1) if line.strip()]
        if not lines:
            raise RadError("the history is empty: paste a line an item, oldest first, by title or id")
        if len(lines) > MOST_PASTED:
            raise RadError(f"{len(lines):,} lines: a pasted history has at most {MOST_PASTED}")
        user = f"{PASTED}-{hashlib.sha256(words.encode(errors='replace')).hexdigest()[:12]}"
        history = tuple(self._purchase(user, number, line) for number, line in lines)
        one = self.examples[0].query
        query = Query(f"{user}-{len(history)}", one.domain, user, history, repeats=one.repeats)
        return Critique.of(query, self._written(query))

    def _purchase(self, user: str, number: int, line: str) -> Interaction:
        match = None if self._item(line) else _RATED.fullmatch(line[:LONGEST_LINE])
        name, rating = (match[1], float(match[2])) if match else (line, None)
        items = self._item(name)
        if not items:
            near = difflib.get_close_matches(name.lower()[:LONGEST_LINE], self._by_title, 1, 0.5)
            hint = f"; did you mean {self.data.items[self._by_title[near[0]][0]].title!r}?" if near else ""
            raise RadError(f"line {number}: no item {name[:80]!r} in {self.data.name}{hint}")
        if len(items) > 1:
            raise RadError(f"line {number}: {len(items)} items have this title: use an id, as {items[0]}")
        return Interaction(user, items[0], rating=rating)

    def _item(self, name: str) -> Sequence[str]:
        return [name] if name in self.data.items else self._by_title.get(name.lower(), ())

    def _written(self, query: Query) -> Rationale:
        prediction = next(iter(self.model.predict([query])))
        if prediction.rationale is None:
            raise RadError(f"{self.model.card.name} wrote no rationale of this history ({prediction.error or 'none'})")
        return prediction.rationale

    @cached_property
    def _users(self) -> list[str]:
        return [example.query.user_id for example in self.examples]

    @cached_property
    def _by_title(self) -> dict[str, list[str]]:
        ids = defaultdict(list)
        for item in self.data.items.values():
            ids[item.title.strip().lower()].append(item.item_id)
        return dict(ids)


def of_run(folder: Path, domain: str | None, data_dir: Path | None) -> Users:
    """The users of a finished run; its model is fitted as it was, or found in its cache.

    Raises:
        RadError: The folder has no run with rationales, or its model cannot rank from a given one.
    """
    run = read_finished_run(folder, DatasetCache(domain, data_dir))
    result, model = run.result, as_run(run.result)
    if not run.explained_rows or not isinstance(model, RationaleRecommender):
        lack = "ranking from a given rationale" if run.explained_rows else "rationales"
        raise RadError(f"{folder}: a run of a model without {lack}: there is nothing to argue with")
    fitting.fit(model, run.data.examples, run.data.items, result.task.split, result.seed)
    title = f"{result.label} on {result.task.domain}, {result.task.split}"
    users = Users(run.data, model, run.examples, [p.rationale for p in run.predictions], title)
    return _checked(users, run.explained_rows[0])


def of_model(
    name: str,
    words: Sequence[str],
    domain: str,
    split: Literal["train", "validation", "test"],
    seed: int,
    data_dir: Path | None,
) -> Users:
    """The users of a split, and a model that is fitted for them.

    Args:
        name: Of the model.
        words: ``KEY=VALUE`` of ``--set``.
        domain: The data.
        split: Whose queries. A model for those of training is fitted as for the test.
        seed: Of the model.
        data_dir: Folder with raw files.

    Raises:
        RadError: The model cannot be set so, or cannot rank from a given rationale.
    """
    settings = model_settings([name], words)[name]
    data = open_dataset(domain, data_dir)
    if (reason := refusal(data, name)) is not None:
        raise RadError(reason)
    fitted_for: Literal["validation", "test"] = "validation" if split == "validation" else "test"
    experiment = Experiment(data, fitted_for, seed, None, (), Path())
    model = runner.prepare(experiment, name, settings).model
    if not isinstance(model, RationaleRecommender):
        raise RadError(f"{name} cannot rank from a given rationale: there is nothing to argue with")
    if not data.examples[split]:
        raise RadError(f"{data.name}: the {split} split is empty")
    fitting.fit(model, data.examples, data.items, fitted_for, seed)
    card = model.card
    title = f"{'.'.join(x for x in (card.name, card.arm) if x)} on {experiment.domain}, {split}"
    return _checked(Users(data, model, data.examples[split], None, title), 0)


def _checked(users: Users, number: int) -> Users:
    """The same, where the rationale of a query can be edited."""
    try:
        users.critique(number)
    except RadError as error:
        name = users.model.card.name
        raise RadError(f"{name}: {error}; rationales must state facts, as those of rationale_first do") from None
    return users

"""How a name becomes a data set: a domain, or a release of RAD, is loaded, checked and split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import cast

from rad import registry
from rad.data import candidates, splits
from rad.data.dataset import PROTOCOLS, Dataset, Protocol
from rad.data.domain import BaseDomain, Corpus
from rad.errors import RadError
from rad.runtime.files import sha256_lines
from rad.types import Example, Interaction, Item, Split


def is_release(spec: str) -> bool:
    """Whether ``spec`` names a release of RAD: a folder, or ``OWNER/NAME`` of the Hub, perhaps with ``@REVISION``."""
    if spec.partition(":")[0] in registry.names("rad.domains"):
        return False
    return Path(spec).is_dir() or bool(re.fullmatch(r"[\w.-]+/[\w.-]+(@[\w./-]+)?", spec))


def is_folder(spec: str) -> bool:
    """Whether ``spec`` is written as a path, which no domain's name is."""
    name = spec.partition(":")[0]
    return "/" in name or name.startswith((".", "~"))


def unknown_domain(spec: str) -> str | None:
    """Why ``spec`` names neither a domain nor a release of RAD, in one line, or None."""
    name, domains = spec.partition(":")[0], registry.names("rad.domains")
    if name in domains or is_release(spec):
        return None
    if is_folder(spec):
        return (
            f"{spec}: no such folder: a release is the folder that python -m rad build wrote, or OWNER/NAME of the Hub"
        )
    return registry.unknown("domain", [name], domains)


def load_domain(spec: str) -> BaseDomain:
    """The domain object of ``NAME`` or ``NAME:ARGUMENT`` (``world:seed=3,users=500``), or of a release of RAD.

    :class:`RadError` where it is neither.
    """
    if reason := unknown_domain(spec):
        raise RadError(reason)
    name, _, argument = ("release", "", spec) if is_release(spec) else spec.partition(":")
    return cast(BaseDomain, registry.load("rad.domains", name)(argument))


def open_dataset(spec: str, data_dir: Path | None = None, protocol: Protocol = "full") -> Dataset:
    """Load a domain, count users with one and the same sequence once, and split it.

    What was left out is counted in ``notes``.

    Args:
        spec: A domain with its argument, or a release.
        data_dir: Folder with raw files (default: ``RAD_DATA``).
        protocol: ``full`` is leave-last-out with the whole catalogue to rank, ``rerank`` the same with a fixed
            candidate file (:mod:`rad.data.candidates`), ``time`` one moment for all users. ``full-keep`` and
            ``time-keep`` rank what the user has had, too.

    Raises:
        RadError: The domain or protocol is unknown, a file is missing or broken, or records do not fit together.
    """
    if protocol not in PROTOCOLS:
        raise RadError(registry.unknown("protocol", [protocol], PROTOCOLS))
    spec = re.sub(r"/+(?=,|$)", "", spec)  # results name a domain without its folders: 'recbole:DIR/' is 'recbole:DIR'
    domain = load_domain(spec)
    return dataset_of(spec, domain, domain.load(data_dir), protocol)


def dataset_of(spec: str, domain: BaseDomain, corpus: Corpus, protocol: Protocol = "full") -> Dataset:
    """The data set of a corpus that ``domain`` has loaded; one from a release has the name of what was released.

    :class:`RadError` where records do not fit together, or a release is not what its manifest says.
    """
    items = catalogue_of(spec, corpus)
    if corpus.rows and protocol not in ("full", "full-keep"):
        raise RadError(f"{spec}: its publisher has split it: use --protocol full, not {protocol}")
    # all users of a publisher's split count, so that scores are comparable with others'
    sequences = corpus.sequences if corpus.rows else splits.distinct_users(corpus.sequences, corpus.ordered)
    name = corpus.domain or domain.name
    if corpus.rows:
        examples = splits.of_publisher(name, corpus.rows)
    else:
        split = splits.global_time if protocol.startswith("time") else splits.leave_last_out
        examples = split(name, sequences, corpus.rationales, corpus.contrasts)
    digest = sha256_lines(
        chain(
            items.values(),
            chain.from_iterable(sequences[user] for user in sorted(sequences)),
            (corpus.rationales[key] for key in sorted(corpus.rationales)),
            (corpus.contrasts[key] for key in sorted(corpus.contrasts)),
            corpus.rows,
        )
    )
    if (released := corpus.origin.get("sha256", digest)) != digest:
        raise RadError(
            f"{spec}: read as data set {digest[:12]}, its manifest says {released[:12]}: is this code older?"
        )
    if protocol == "rerank":
        examples = _with_candidates(examples, candidates.cached(digest, items, examples))
    data = Dataset(
        name=corpus.origin.get("data", spec),
        version=corpus.version or domain.version,
        sha256=digest,
        items=items,
        examples=examples,
        ordered=corpus.ordered,
        notes={**corpus.notes, **_notes(corpus, sequences)},
        protocol=protocol,
        sequences=sequences,
        origin={key: corpus.origin[key] for key in ("release", "revision") if key in corpus.origin},
        drafts=corpus.drafts,
        pre_split=bool(corpus.rows),
    )
    if data.repeats == "mask":
        return data
    return replace(data, examples={part: tuple(map(_keeping_repeats, rows)) for part, rows in examples.items()})


def catalogue_of(spec: str, corpus: Corpus) -> dict[str, Item]:
    """Items by id, in the order of ids. Refuses what would be a silent skip later."""
    items = {item.item_id: item for item in sorted(corpus.items, key=lambda item: item.item_id)}
    if not items:
        raise RadError(f"{spec}: the catalogue is empty")
    if len(items) < len(corpus.items):
        twice = Counter(item.item_id for item in corpus.items).most_common(1)[0][0]
        raise RadError(f"{spec}: item id {twice} is in the catalogue twice")
    for user, sequence in corpus.sequences.items():
        for position, interaction in enumerate(sequence, 1):
            if interaction.item_id not in items:
                raise RadError(
                    f"{spec}: interaction {position} of user {user} names item {interaction.item_id}, "
                    "which is not in the catalogue"
                )
            if interaction.user_id != user:
                raise RadError(f"{spec}: interaction {position} of user {user} belongs to user {interaction.user_id}")
    return items


def _notes(corpus: Corpus, sequences: Mapping[str, Sequence[Interaction]]) -> dict[str, int]:
    listings = Counter(item.text for item in corpus.items if item.text.strip())
    ever = {x.item_id for sequence in corpus.sequences.values() for x in sequence}
    counts = {
        "users in the source": len(corpus.sequences),
        "users with the sequence of another user (counted once)": len(corpus.sequences) - len(sequences),
        "users with fewer than 3 interactions (no queries)": sum(
            len(s) < splits.MIN_PREFIX for s in sequences.values()
        ),
        "items without text": sum(not item.text.strip() for item in corpus.items),
        "items whose text equals another's (kept apart)": sum(n for n in listings.values() if n > 1),
        "items that nobody has (kept in the catalogue)": sum(item.item_id not in ever for item in corpus.items),
    }
    return {what: n for what, n in counts.items() if n}


def _keeping_repeats(example: Example) -> Example:
    return replace(example, query=replace(example.query, repeats="keep"))


def _with_candidates(
    examples: Mapping[Split, tuple[Example, ...]], table: Mapping[str, tuple[str, ...]]
) -> dict[Split, tuple[Example, ...]]:
    """Candidates on the queries that have some (validation and test)."""

    def add(example: Example) -> Example:
        chosen = table.get(example.query.query_id)
        return replace(example, query=replace(example.query, candidates=chosen)) if chosen else example

    return {split: tuple(map(add, rows)) for split, rows in examples.items()}

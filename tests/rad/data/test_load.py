"""Opening a domain: duplicates, notes, protocols, and records that do not fit together."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from rad.data import load
from rad.data.load import open_dataset
from rad.errors import RadError
from rad.types import Interaction, Item


@pytest.fixture
def opened(monkeypatch):
    """Opens a corpus as if a domain had loaded it."""

    def open_corpus(corpus, protocol="full"):
        domain = SimpleNamespace(name="toy", version="1", load=lambda data_dir: corpus)
        monkeypatch.setattr(load, "load_domain", lambda spec: domain)
        return open_dataset("toy", protocol=protocol)

    return open_corpus


def test_duplicate_users_are_counted_once_and_both_counts_are_told(opened, toy_corpus):
    data = opened(toy_corpus)
    assert len(data.sequences) == 11 and "u11" not in data.sequences
    assert data.notes == {
        "users in the source": 12,
        "users with the sequence of another user (counted once)": 1,
        "users with fewer than 3 interactions (no queries)": 1,
        "items that nobody has (kept in the catalogue)": 1,
    }
    assert [len(data.examples[s]) for s in ("train", "validation", "test")] == [7, 10, 10]


def test_the_catalogue_is_in_the_order_of_ids_and_the_hash_does_not_depend_on_the_loaders(opened, toy_corpus):
    first = opened(toy_corpus)
    shuffled = replace(
        toy_corpus,
        items=toy_corpus.items[::-1],
        sequences=dict(reversed(toy_corpus.sequences.items())),
        rationales=dict(reversed(toy_corpus.rationales.items())),
    )
    assert list(first.items) == sorted(first.items)
    assert opened(shuffled).sha256 == first.sha256


def test_the_hash_covers_items_interactions_and_rationales(opened, toy_corpus):
    first = opened(toy_corpus).sha256
    items = (replace(toy_corpus.items[0], title="other"), *toy_corpus.items[1:])
    sequences = {**toy_corpus.sequences, "u01": toy_corpus.sequences["u01"][:-1]}
    others = [
        replace(toy_corpus, items=items),
        replace(toy_corpus, sequences=sequences),
        replace(toy_corpus, rationales={}),
    ]
    assert len({first, *(opened(other).sha256 for other in others)}) == 4


def test_items_without_text_are_kept_and_counted(opened, toy_corpus):
    data = opened(replace(toy_corpus, items=(*toy_corpus.items, Item("x", "toy", "", " "))))
    assert len(data.items) == 21 and data.notes["items without text"] == 1


def test_reranking_puts_candidates_on_held_out_queries_only(opened, toy_corpus):
    data = opened(toy_corpus, "rerank")
    assert data.protocol == "rerank" and data.sha256 == opened(toy_corpus).sha256
    assert all(e.query.candidates is None for e in data.examples["train"])
    held_out = [*data.examples["validation"], *data.examples["test"]]
    assert all(e.relevant.keys() <= set(e.query.candidates) for e in held_out)


def test_the_time_protocol(opened, toy_corpus):
    data = opened(toy_corpus, "time")
    assert data.protocol == "time" and data.examples["test"] and data.examples["validation"]
    times = sorted(x.timestamp for s in data.sequences.values() for x in s)
    first, second = times[int(0.8 * len(times))], times[int(0.9 * len(times))]
    for split, end in (("train", first), ("validation", first), ("test", second)):
        for e in data.examples[split]:
            assert all(x.timestamp < end for x in e.query.history) and len(e.query.history) >= 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": ()}, "toy: the catalogue is empty"),
        ({"items": (Item("a", "toy", "", ""),) * 2}, "toy: item id a is in the catalogue twice"),
        (
            {"sequences": {"u": (Interaction("u", "red-hat"), Interaction("u", "gone"))}},
            "toy: interaction 2 of user u names item gone, which is not in the catalogue",
        ),
        ({"sequences": {"u": (Interaction("v", "red-hat"),)}}, "toy: interaction 1 of user u belongs to user v"),
    ],
)
def test_records_that_do_not_fit_together_are_refused(opened, toy_corpus, change, message):
    with pytest.raises(RadError, match=message):
        opened(replace(toy_corpus, **change))


def test_a_user_without_interactions_gives_no_query(opened, toy_corpus):
    data = opened(replace(toy_corpus, sequences={**toy_corpus.sequences, "u99": ()}))
    assert data.notes["users with fewer than 3 interactions (no queries)"] == 2
    assert len(data.examples["test"]) == 10


def test_unknown_names_say_what_there_is():
    with pytest.raises(RadError, match=r"unknown domain 'sceintific' \(did you mean 'scientific'\?\); available: "):
        open_dataset("sceintific")
    for path in ("/nowhere", "~/nowhere", "a/b/c", "/nowhere:x"):
        with pytest.raises(RadError, match=f"^{path}: no such folder: a release is the folder that "):
            open_dataset(path)
    with pytest.raises(
        RadError,
        match=r"unknown protocol 'ful' \(did you mean 'full'\?\); available: full, full-keep, rerank, time, time-keep",
    ):
        open_dataset("scientific", protocol="ful")


def test_a_domain_without_timestamps_refuses_the_time_protocol(raw_scientific):
    with pytest.raises(RadError, match="scientific has no timestamps"):
        open_dataset("scientific:changed", raw_scientific, "time")


def test_protocols_that_keep_repeats_say_so_of_each_query():
    masked, unmasked, timed = (
        open_dataset("world:users=30,items=200", protocol=p) for p in ("full", "full-keep", "time-keep")
    )
    assert (masked.repeats, unmasked.repeats, timed.repeats) == ("mask", "keep", "keep")
    assert unmasked.sha256 == masked.sha256
    for name, examples in unmasked.examples.items():
        assert [replace(e, query=replace(e.query, repeats=None)) for e in examples] == list(masked.examples[name])
    queries = [e.query for examples in (*unmasked.examples.values(), *timed.examples.values()) for e in examples]
    assert queries and all(query.repeats == "keep" and not query.unranked for query in queries)
    one = masked.examples["test"][0].query
    assert one.unranked == {x.item_id for x in one.history}

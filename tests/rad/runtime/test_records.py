"""Dataclasses from JSON, and the one line for each bad field."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rad.errors import RadError
from rad.runtime import files, records
from rad.types import Evidence, Item, Judgement, Prediction, Rationale, Reason

RATIONALE = {
    "rationale_id": "r",
    "query_id": "q",
    "reasons": [{"evidence": {"history": [0, 2], "kind": "attribute", "attribute": "a", "value": "v"}, "weight": 1}],
    "text": "",
    "verdict": "supported",
    "origin": "human",
    "drafter": "d",
    "drafter_version": "1",
}


def test_a_record_becomes_its_dataclass():
    rationale = records.parse(Rationale, RATIONALE, "x:1")
    assert rationale.reasons == (Reason(Evidence((0, 2), "attribute", "a", "v"), weight=1.0),)
    assert isinstance(rationale.reasons[0].weight, float)


names = st.text(max_size=5)
claims = st.lists(st.tuples(names, names), max_size=2).map(tuple)
evidence = st.builds(
    Evidence, st.lists(st.integers(0, 9)).map(tuple), st.sampled_from(["attribute", "sequence"]), names, names
)
reasons = st.lists(st.builds(Reason, evidence, claims, claims, st.floats(0, 1)), max_size=2).map(tuple)
rationales = st.builds(Rationale, names, names, reasons, names, st.just("supported"), st.just("model"), names, names)


@settings(max_examples=30, deadline=None)
@given(st.builds(Prediction, names, st.lists(names).map(tuple), st.none() | rationales, error=st.none() | names))
def test_what_is_written_is_read_back(prediction):
    assert records.parse(Prediction, json.loads(files.canonical(prediction)), "x:1") == prediction


def test_mappings_are_read_back():
    item = Item("i", "d", "t", "x", {"a": ("1", "2")})
    assert records.parse(Item, json.loads(files.canonical(item)), "x:1") == item


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": ..., "drafter": ...}, "f:3: lacks text, drafter"),
        ({"txt": ""}, "f:3: unknown field txt (known: rationale_id, "),
        ({"text": 1}, "f:3: text: expected a string, found a whole number"),
        ({"text": None}, "f:3: text: expected a string, found null"),
        ({"verdict": "maybe"}, "f:3: verdict: 'maybe' is not one of supported, unexplained"),
        ({"verdict": ["supported"]}, "f:3: verdict: ['supported'] is not one of supported, unexplained"),
        ({"reasons": {}}, "f:3: reasons: expected a list, found an object"),
        ({"reasons": [3]}, "f:3: reasons[0]: expected an object, found a whole number"),
        ({"reasons": [{"evidence": {"kind": "sequence"}}]}, "f:3: lacks reasons[0].evidence.history"),
        ({"reasons": [{"evidence": {"history": [0.5], "kind": "sequence"}}]}, "history[0]: expected a whole number"),
        ({"reasons": [{"evidence": {"history": [True], "kind": "sequence"}}]}, "history[0]: expected a whole number"),
        ({"reasons": [{"evidence": {"history": [0], "kind": "?"}}]}, "reasons[0].evidence.kind: '?' is not one of"),
    ],
)
def test_a_bad_field_is_named(changes, message):
    record = {k: v for k, v in {**RATIONALE, **changes}.items() if v is not ...}
    with pytest.raises(RadError) as error:
        records.parse(Rationale, record, "f:3")
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("weight", [float("inf"), float("nan"), 10**400])
def test_numbers_that_are_not_finite_are_refused(weight):
    record = {"evidence": {"history": [0], "kind": "sequence"}, "weight": weight}
    with pytest.raises(RadError, match="f:1: weight: not a finite number"):
        records.parse(Reason, record, "f:1")


def test_pairs_have_two_values():
    record = {"evidence": {"history": [0], "kind": "sequence"}, "wants": [["colour"]]}
    with pytest.raises(RadError, match=r"f:1: lacks wants\[0\]\[1\]"):
        records.parse(Reason, record, "f:1")
    with pytest.raises(RadError, match=r"f:1: wants\[0\]: expected 2 values, found 3"):
        records.parse(Reason, {**record, "wants": [["colour", "a", "b"]]}, "f:1")


def test_all_bad_fields_are_one_line():
    with pytest.raises(RadError) as error:
        records.parse(Rationale, {**RATIONALE, "text": 1, "verdict": "maybe", "txt": ""}, "f:3")
    for part in (
        "text: expected a string",
        "verdict: 'maybe' is not one of",
        "unknown field txt (known: rationale_id, ",
    ):
        assert part in str(error.value)


def test_files_name_their_lines(tmp_path):
    judgement = Judgement("r", "p", "plausible", "4", "1", 2.5)
    files.write_jsonl(tmp_path / "j.jsonl", [judgement, {"rationale_id": "r"}])
    rows = records.read(tmp_path / "j.jsonl", Judgement)
    assert next(rows) == (1, judgement)
    with pytest.raises(RadError, match=r"j\.jsonl:2: lacks annotator, question, answer, guideline_version"):
        next(rows)

"""Vocabularies: read as they are written, once, and complete."""

from __future__ import annotations

import pytest

from rad.world.spec import VOCABULARIES, read_spec

NAMES = sorted(path.stem for path in VOCABULARIES.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_a_vocabulary_is_one_of_its_values(name):
    spec = read_spec(name)
    assert read_spec(name) is spec
    claims = {(attribute, value) for attribute, values in spec.values.items() for value in values}
    assert all(forms[0] == value for values in spec.values.values() for value, forms in values.items())
    assert set(spec.parents) == set(spec.values[spec.kind]) and set(spec.parents.values()) == set(
        spec.values[spec.parent]
    )
    assert all((a, v) in claims for a, rows in spec.allowed.items() for values in rows.values() for v in values)
    assert {claim for pair in spec.affinity.items() for claim in (pair[0], *pair[1])} <= claims
    assert {claim for circle in spec.circles for claim in circle} <= claims
    assert {claim for need in spec.needs for claim in need.raises} <= claims
    assert {name for need in spec.needs for name in need.then} <= {need.name for need in spec.needs}
    assert set(spec.partners) == set(spec.values[spec.kind])
    assert len(spec.limit_odds) == len(spec.values[spec.limit])
    assert {*spec.taste, *spec.share, *spec.second, *spec.sentences} <= set(spec.attributes)


def test_the_worlds_are_those_of_fashion_and_science():
    assert NAMES == ["fashion", "science"]
    assert read_spec("fashion").values["colour"]["navy"] == ("navy", "midnight blue", "dark marine", "deep ocean blue")
    assert read_spec("science").values["year"]["2025"] == ("2025", "last season's proceedings", "very recent")

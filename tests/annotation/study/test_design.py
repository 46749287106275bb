"""The lists: each participant sees each arm equally often and nobody twice, each query each arm equally often."""

from collections import Counter

import pytest

from annotation.study import design
from annotation.study.arms import ARMS
from annotation.study.design import Assumptions, Design
from rad.errors import RadError

QUERIES = [f"q{k}" for k in range(20)]


def test_lists_are_balanced():
    blocks = design.in_blocks(QUERIES, 10, seed=3)
    plan = Design("", blocks, {}, 20, 0.2, 0.1, 0.9, Assumptions(), 3)
    lists = [plan.pages(number) for number in range(plan.lists)]
    assert plan.lists == 10 and sorted(query for block in blocks for query in block) == sorted(QUERIES)
    for pages in lists:
        assert len({query for query, _ in pages}) == 10
        assert Counter(arm for _, arm in pages) == dict.fromkeys(ARMS, 2)
    seen = Counter(page for pages in lists for page in pages)
    assert seen == {(query, arm): 1 for query in QUERIES for arm in ARMS}
    assert design.in_blocks(QUERIES, 10, seed=3) == blocks != design.in_blocks(QUERIES, 10, seed=4)


@pytest.mark.parametrize(("queries", "pages"), [(20, 0), (20, 3), (20, 7), (20, 15), (0, 5), (5, 10)])
def test_numbers_that_do_not_fit(queries, pages):
    with pytest.raises(RadError, match="--pages must be a multiple of 5"):
        design.check_sizes(queries, pages)


def test_the_id_of_a_page_says_nothing_of_its_arm():
    ids = [
        design.page_of("q", arm, text).rationale_id for arm, text in zip(ARMS, ("", "a", "b", "c", "d"), strict=True)
    ]
    assert len(set(ids)) == 5 and not any(arm in key for arm in ARMS for key in ids)

"""Names of submitters: which look alike, and which are none."""

from __future__ import annotations

import pytest

from leaderboard.owners.names import is_of_the_project, skeleton, violations


@pytest.mark.parametrize(
    "name",
    [
        "THE RAD PROJECT",
        "The RAD pr0ject",
        "\u0422h\u0435 R\u0410D project",
        "The-RAD-project",
        "The R\u00c1D project",
        "The RAD proj\u0435ct",
    ],
)
def test_what_looks_alike_has_one_skeleton(name):
    assert skeleton(name) == skeleton("The RAD project")


@pytest.mark.parametrize("pair", [("Ada", "Ida"), ("Team 7", "Team 8"), ("Ann Lee", "Anna Lee")])
def test_what_looks_different_has_two(pair):
    assert skeleton(pair[0]) != skeleton(pair[1])


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "J\u00fcrgen O'Neil",
        "\u674e \u660e",
        "\u5c71\u7530 Taro",
        "\u0412\u043b\u0430\u0434\u0438\u043c\u0438\u0440",
        "\u092a\u094d\u0930\u0915\u093e\u0936",
        "\u0e2a\u0e21\u0e0a\u0e32\u0e22",
        "\u0645\u0631\u06cc\u0645",
        "The RAD project",
    ],
)
def test_names_of_many_scripts_are_names(name):
    assert list(violations(name)) == []


def test_the_projects_own_name_is_told_apart():
    assert is_of_the_project("The RAD team") and is_of_the_project("R\u0410D") and is_of_the_project("r.a.d. team")
    assert not is_of_the_project("Radboud University") and not is_of_the_project("Brad")

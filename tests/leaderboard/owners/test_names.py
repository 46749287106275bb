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
        "The RA\u00d0 project",
        "The RA\u0110 project",
        "The \u024cAD pr\u00f8ject",
        "\u01ache RAD projec\u01ad",
        "\u1d1b\u029c\u1d07 \u0280\u1d00\u1d05 \u1d18\u0280\u1d0f\u1d0a\u1d07\u1d04\u1d1b",
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


@pytest.mark.parametrize(
    ("capitals", "latin"), [("\u0391\u039d\u039d\u0391", "ANNA"), ("\u0412\u041e\u0412", "BOB"), ("\u0397\u0391", "HA")]
)
def test_capitals_look_otherwise_than_small_letters(capitals, latin):
    assert skeleton(capitals) == skeleton(latin)


@pytest.mark.parametrize(
    "name",
    [
        "The RAD team",
        "R\u0410D",
        "r.a.d. team",
        "The R A D group",
        "R-A-D",
        "RADproject",
        "R\u0101d",
        "RA\u00d0",
        "RAD2",
        "by=RAD_team",
    ],
)
def test_the_projects_own_name_is_told_apart(name):
    assert is_of_the_project(name)


@pytest.mark.parametrize("name", ["Radboud University", "Brad", "Radio Free", "R. A. Dahl", "Dr A D Lee", "Grad team"])
def test_other_names_are_not_the_projects(name):
    assert not is_of_the_project(name)

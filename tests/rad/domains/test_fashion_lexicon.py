"""Words of listings: longest phrase first, plurals, order of the title."""

import pytest

from rad.domains.formats.fashion_lexicon import attributes


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("", {}),
        ("A1356-Plm", {}),
        ("Bow ties for men", {"garment": ("tie",), "wearer": ("men",)}),
        ("Tie-front T-Shirts", {"garment": ("t-shirt",)}),  # a tie front is no tie
        ("Women's dress shirt, dress", {"garment": ("shirt", "dress"), "wearer": ("women",)}),
        ("Dresses and dress", {"garment": ("dress",)}),
        ("Ladies' bodies", {"wearer": ("women",)}),
        ("Navy blue and blue", {"colour": ("navy", "blue")}),
        ("Sterling silver ring, silver tone", {"garment": ("ring",), "material": ("sterling silver", "silver")}),
        ("Shortsleeve stopping", {}),  # whole words only
    ],
)
def test_values_of_a_title(title, expected):
    assert attributes(title) == expected

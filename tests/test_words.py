"""The field's words: no identifier of packages and tests is a retired one, and ``CONTRIBUTING.md`` lists them."""

from tests.support.retired_words import offences
from tests.support.word_list import PAGE, rendered


def test_no_retired_word_is_an_identifier():
    assert offences() == []


def test_the_list_of_words_is_that_of_the_check():
    page = PAGE.read_text(encoding="utf-8")
    assert page == rendered(page), "python -m tests.support.word_list renders it"

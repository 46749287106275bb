"""The field's words: no identifier of the packages is a retired one."""

from tests.support.retired_words import offences


def test_no_retired_word_is_an_identifier():
    assert offences() == []

"""Settings as KEY=VALUE, and the one line that says all that is wrong with them."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from rad.errors import RadError
from rad.settings import parse


class Settings(BaseModel, extra="forbid"):
    decay: float = Field(0.9, gt=0, le=1)
    window: int | None = Field(None, ge=1)
    kind: Literal["plain", "fancy"] = "plain"
    shuffle: bool = False


@dataclass(frozen=True, slots=True)
class World:
    seed: Annotated[int, Field(ge=0, le=2**64 - 1)] = 0
    users: Annotated[int, Field(ge=1)] = 2000


def test_settings_are_typed_and_the_rest_keeps_its_default():
    assert parse(Settings, [], "m") == Settings()
    words = ["decay=0.5", "window=3", "kind=fancy", "shuffle"]
    assert parse(Settings, words, "m") == Settings(decay=0.5, window=3, kind="fancy", shuffle=True)
    assert parse(Settings, ["window=null", "shuffle=false"], "m") == Settings()
    assert parse(World, [" seed = 3 ", " users=10", ""], "world") == World(3, 10)
    assert parse(World, [f"seed={2**64 - 1}"], "world").seed == 2**64 - 1


@pytest.mark.parametrize(
    ("model", "words", "message"),
    [
        (Settings, "decy=1", "unknown setting 'decy' (did you mean 'decay'?); available: decay, kind, shuffle, window"),
        (Settings, "decay=2", "decay: must be at most 1.0, got 2"),
        (Settings, "decay=x", "decay: expected a number, found 'x'"),
        (Settings, "window", "window needs a value (window=...)"),
        (Settings, "window=1.5", "window: expected a whole number, found '1.5'"),
        (Settings, "kind=odd", "kind: 'odd' is not one of plain, fancy"),
        (Settings, "shuffle=maybe", "shuffle: expected true or false, found 'maybe'"),
        (World, "users=0,seed=-1", "seed: must be at least 0, got -1; users: must be at least 1, got 0"),
        (World, "users=٣", "users: expected a whole number, found '٣'"),
        (World, "seed=1,seed=2", "seed is given twice"),
        (World, "x=1,seed=q,y", "unknown setting 'x'; unknown setting 'y'; available: seed, users; seed: expected a"),
    ],
)
def test_all_mistakes_are_one_line(model, words, message):
    with pytest.raises(RadError) as error:
        parse(model, words.split(","), "subject")
    assert str(error.value).startswith(f"subject: {message}") and "\n" not in str(error.value)


def test_a_field_may_be_left_out():
    with pytest.raises(RadError, match=r"^s: unknown setting 'shuffle'; available: decay, kind, window$"):
        parse(Settings, ["shuffle"], "s", without=["shuffle"])

"""Settings as ``KEY=VALUE``: what ``--set`` takes, and what follows the colon of a domain's name.

>>> from pydantic import BaseModel, Field
>>> class Settings(BaseModel):
...     core: int = Field(5, ge=1)
...     reviews: bool = False
>>> parse(Settings, ["core=3", "reviews"], "amazon")
Settings(core=3, reviews=True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from rad.errors import RadError
from rad.registry import unknown
from rad.runtime.violations import violations

T = TypeVar("T")


def parse(model: type[T], words: Iterable[str], subject: str, without: Iterable[str] = ()) -> T:
    """Settings of the class ``model``, from ``KEY=VALUE`` words. One :class:`RadError` says all that is wrong.

    A boolean setting may stand as a bare word, ``null`` is no value, and empty words count for nothing.

    Args:
        model: a pydantic model or a dataclass; its types and limits say which values are allowed.
        words: such as ``argument.split(",")``, or the values of ``--set``.
        subject: whose settings they are; it begins the error.
        without: fields that are not offered here.
    """
    types = {name: kind for name, kind in field_types(model).items() if name not in set(without)}
    values: dict[str, str | bool | None] = {}
    keys, strange, errors = set[str](), [], []
    for word in filter(None, (word.strip() for word in words)):
        key, equals, value = word.partition("=")
        key = key.strip()
        if key not in types:
            strange.append(key)
        elif key in keys:
            errors.append(f"{key} is given twice")
        elif equals:
            values[key] = None if value == "null" else value
        elif types[key] is bool:
            values[key] = True
        else:
            errors.append(f"{key} needs a value ({key}=...)")
        keys.add(key)
    if strange:
        errors.insert(0, unknown("setting", strange, types))
    try:
        settings = TypeAdapter(model).validate_python(values)
    except ValidationError as error:
        errors += violations(error)
    if errors:
        raise RadError(f"{subject}: {'; '.join(errors)}")
    return settings


def field_types(model: type) -> Mapping[str, object]:
    """Names of a settings class, with their types, in the order of the class."""
    if issubclass(model, BaseModel):
        return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return get_type_hints(model)


def explained(model: type[BaseModel]) -> list[str]:
    """A line for each setting of a class: ``NAME=DEFAULT`` and its description, for people.

    >>> from pydantic import Field
    >>> class Settings(BaseModel):
    ...     core: int = Field(5, description="purchases at least")
    ...     reviews: bool = Field(False, description="with their texts")
    >>> explained(Settings)
    ['core=5         purchases at least', 'reviews=false  with their texts']
    """
    rows = []
    for name, field in model.model_fields.items():
        default = "null" if field.default is None else str(field.default)
        default = default.lower() if isinstance(field.default, bool) else default
        rows.append((f"{field.alias or name}={'' if field.is_required() else default}", field.description or ""))
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{name:{width}}  {text}" for name, text in rows]

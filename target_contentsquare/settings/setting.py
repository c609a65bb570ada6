"""What is known of one setting, before anybody has set it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, or a key inside a setting that is an object.

    Attributes:
        types: The JSON schema types that it takes, without `null`: null is the same as
            absent wherever a setting is not required. Text is never empty.
        default: None where there is none.
        minimum: The smallest number, itself allowed.
        maximum: The largest number, itself allowed.
        above: The number that it has to be larger than.
        keys: The keys of an object whose keys are known.
        takes_other_keys: Whether an object with known `keys` may have others.
        entry: Each value of an object whose keys the user chooses; there has to be at
            least one.
    """

    name: str
    types: tuple[str, ...]
    title: str
    description: str
    default: Any = None
    is_required: bool = False
    is_secret: bool = False
    minimum: float | None = None
    maximum: int | None = None
    above: int | None = None
    keys: tuple[Setting, ...] = ()
    takes_other_keys: bool = False
    entry: Setting | None = None

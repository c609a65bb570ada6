"""The target as its own `--about` describes it: the one source of what is generated."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_contentsquare.singer.target import TargetContentsquare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class AboutSetting:
    """One setting, as `--about` describes it.

    Attributes:
        types: JSON schema types, without null.
        default: None where there is none.
        keys: What an entry of `streams` may hold; empty for all other settings.
    """

    name: str
    title: str
    description: str
    types: tuple[str, ...]
    default: Any
    required: bool
    secret: bool
    keys: Sequence[AboutSetting]

    @property
    def variable(self) -> str:
        """The environment variable that holds it."""
        return f"TARGET_CONTENTSQUARE_{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class About:
    """What `--about` says."""

    name: str
    description: str
    capabilities: Sequence[str]
    pythons: Sequence[str]
    settings: Sequence[AboutSetting]


def read_about() -> About:
    """Ask the target."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        TargetContentsquare.print_about("json")
    about = json.loads(printed.getvalue())
    schema = about["settings"]
    return About(
        name=about["name"],
        description=about["description"],
        capabilities=about["capabilities"],
        pythons=about["supported_python_versions"],
        settings=[
            _setting(name, setting, required=name in schema["required"])
            for name, setting in schema["properties"].items()
        ],
    )


def _setting(name: str, schema: Mapping[str, Any], *, required: bool) -> AboutSetting:
    entries = schema.get("additionalProperties")
    keys = entries.get("properties", {}) if isinstance(entries, dict) else {}
    return AboutSetting(
        name=name,
        title=schema["title"],
        description=schema["description"],
        types=_types(schema),
        default=schema.get("default"),
        required=required,
        secret=schema.get("secret", False),
        keys=tuple(_setting(key, keys[key], required=False) for key in keys),
    )


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    types = schema["type"]
    types = [types] if isinstance(types, str) else types
    return tuple(name for name in types if name != "null")

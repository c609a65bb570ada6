"""What `--about` prints as text: every setting with its meaning, default and type."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from singer_sdk.about import AboutInfo

_WIDTH = 88


def about_text(info: AboutInfo) -> str:
    """Return what there is to know of the target, for people.

    The SDK's own text has neither descriptions nor defaults, and does not say what is
    required.
    """
    return "\n".join(_lines(info))


def _lines(info: AboutInfo) -> Iterator[str]:
    yield f"{info.name} {info.version}, Meltano SDK {info.sdk_version}"
    yield str(info.description)
    pythons = info.supported_python_versions or ()
    yield f"Python: {', '.join(pythons)}"
    yield f"Capabilities: {', '.join(each.value for each in info.capabilities)}"
    yield ""
    variable = f"{info.env_var_prefix}CLIENT_ID"
    yield f"Settings; with --config ENV also as variables, such as {variable}"
    yield from _described(info.settings["properties"], info.settings["required"])
    yield ""
    yield "A stream's mapping: what an entry of 'streams' may hold"
    mapping = info.settings["properties"]["streams"]["additionalProperties"]
    yield from _described(mapping["properties"], mapping.get("required", ()))


def _described(
    settings: Mapping[str, Mapping[str, Any]], required: Container[str]
) -> Iterator[str]:
    for name, setting in settings.items():
        facts = [_types(setting)]
        if name in required:
            facts.append("required")
        if setting.get("secret"):
            facts.append("secret")
        if setting.get("default") is not None:
            facts.append(f"default {json.dumps(setting['default'])}")
        yield ""
        yield f"  {name} ({', '.join(facts)})"
        yield textwrap.fill(
            str(setting.get("description", "")),
            _WIDTH,
            initial_indent="      ",
            subsequent_indent="      ",
        )


def _types(setting: Mapping[str, Any]) -> str:
    types = setting["type"]
    names = [types] if isinstance(types, str) else types
    return " or ".join(name for name in names if name != "null")

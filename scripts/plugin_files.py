"""What is generated from the settings: Meltano's files, tables, `.env.example`."""

from __future__ import annotations

import json
import textwrap
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import yaml

from target_contentsquare.settings.declared import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scripts.about import About, AboutSetting

#: Values for `.env.example` that work with the sandbox as it starts by default.
_SANDBOX = {
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "credentials": """'{"162": {"client_id": "…", "client_secret": "…"}}'""",
    "integration_id": "100",
    "max_requests_per_second": "10",
    "project_id": "162",
    "integration_schema": "integration-schema.json",
    "streams": """'{"calls": {"user_id": "cs_user_id"}}'""",
    "rejected_path": "rejected.singer",
    "report_path": "report.html",
    "auth_url": "http://127.0.0.1:8750/v1/oauth/token",
}


def kind(setting: AboutSetting) -> str:
    """Return the Meltano kind of a setting.

    A number is `integer`, since Meltano (4.4) can't hand on a `decimal` that comes from
    an environment variable; from `meltano.yml`, an `integer` takes decimals as well.
    What may be an object or text is `string`, since `object` refuses text, but
    `string` lets objects through.
    """
    if "string" in setting.types:
        return "string"
    (only,) = setting.types
    return "integer" if only == "number" else only


def plugin_settings(settings: Sequence[AboutSetting]) -> list[dict[str, Any]]:
    """Return the settings as Meltano wants them, in its project file and on its Hub."""
    return [
        {
            "name": setting.name,
            "label": setting.title,
            "kind": kind(setting),
            **({"sensitive": True} if setting.secret else {}),
            **({} if setting.default is None else {"value": setting.default}),
            "description": setting.description,
        }
        for setting in settings
    ]


def _setting_groups(about: About) -> list[list[str]]:
    """Return the groups of settings of which one has to be there in whole."""
    required = [setting.name for setting in about.settings if setting.required]
    others = [name for name in required if name not in CREDENTIALS]
    return [required, ["credentials", *others]]


def meltano_block(about: About) -> str:
    """Return the part of `meltano.yml` that declares what the target can do."""
    plugin = {
        "capabilities": list(about.capabilities),
        "settings_group_validation": _setting_groups(about),
        "settings": plugin_settings(about.settings),
    }
    return textwrap.indent(_yaml(plugin), " " * 4)


def hub_definition(about: About) -> str:
    """Return the loader's definition for Meltano Hub, sorted as the Hub's own are."""
    definition = {
        "name": about.name,
        "namespace": about.name.replace("-", "_"),
        "variant": "original",
        "label": "Contentsquare",
        "description": about.description,
        "domain_url": "https://contentsquare.com/",
        "pip_url": about.name,
        "executable": about.name,
        "maintenance_status": "beta",
        "quality": "unknown",
        "keywords": ["meltano_sdk", "api", "reverse_etl"],
        "capabilities": sorted(about.capabilities),
        "log_parser": "singer-sdk",
        "supported_python_versions": list(about.pythons),
        "settings_group_validation": _setting_groups(about),
        "settings": sorted(plugin_settings(about.settings), key=itemgetter("name")),
    }
    return _yaml(definition, sort_keys=True)


def settings_table(about: About) -> str:
    """Return the table of settings."""
    rows = [_row(setting) for setting in about.settings]
    return _table(("setting", "type", "default", "meaning"), rows)


def mapping_table(about: About) -> str:
    """Return the table of what a stream's mapping may hold."""
    (streams,) = (setting for setting in about.settings if setting.name == "streams")
    rows = [_row(key) for key in streams.keys]
    return _table(("key", "type", "default", "meaning"), rows)


def _row(setting: AboutSetting) -> tuple[str, ...]:
    return (
        f"`{setting.name}`",
        " or ".join(setting.types) + (", required" if setting.required else ""),
        "" if setting.default is None else f"`{json.dumps(setting.default)}`",
        setting.description,
    )


# Not `streams`: it would stand in for the one of every config file.
_SET_IN_EXAMPLE = ("client_id", "client_secret", "project_id", "auth_url")


def env_example(about: About) -> str:
    """Return `.env.example`: what leads to the sandbox, all else as comments."""
    lines = [
        "# Copy this file to .env and run:",
        "#   target-contentsquare --config ENV --config config.json",
        "# with the streams in config.json. The values are those of the sandbox.",
        "# Generated: change the settings, then `make generate`.",
    ]
    for setting in about.settings:
        lines += [
            "",
            *textwrap.wrap(f"# {setting.description}", 88, subsequent_indent="# "),
        ]
        is_set = setting.name in _SET_IN_EXAMPLE
        lines.append(f"{'' if is_set else '# '}{setting.variable}={_example(setting)}")
    return "\n".join(lines) + "\n"


def _example(setting: AboutSetting) -> str:
    if setting.name in _SANDBOX:
        return _SANDBOX[setting.name]
    if setting.default is None:
        return {"boolean": "true", "object": "'{}'"}.get(kind(setting), "")
    return (
        setting.default
        if isinstance(setting.default, str)
        else json.dumps(setting.default)
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n"
        for line in lines
    )


def _yaml(value: Mapping[str, Any], *, sort_keys: bool = False) -> str:
    text: str = yaml.safe_dump(value, sort_keys=sort_keys, allow_unicode=True, width=80)
    return text

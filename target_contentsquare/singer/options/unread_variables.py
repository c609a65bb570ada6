"""Environment variables that look like settings, in a run that does not read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.reading.from_text import config_from_text
from target_contentsquare.settings.reading.plain_config import plain_config
from target_contentsquare.singer.options.environment import texts_of_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: With another value than the variable's, the run goes where it must not.
_DECISIVE = ("dry_run", "auth_url", "project_id")


def check_unread_variables(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    prefix: str,
    variables: Mapping[str, str],
) -> list[str]:
    """Return a warning for each variable that is set, not read, and says otherwise.

    Call it for a run without `--config ENV`.

    Args:
        config: The settings in use, before options of the command change them.
        schema: The JSON schema of the config.
        prefix: What the names of variables begin with.
        variables: The environment.

    Raises:
        ConfigError: A variable says otherwise for `dry_run`, `auth_url` or
            `project_id`.
    """
    names = unread_variables(config, schema, prefix, variables)
    messages = {
        name: f"environment variable {prefix}{name.upper()} is not what is in use: add "
        "--config ENV to read it, or unset it"
        for name in names
    }
    if decisive := [messages[name] for name in names if name in _DECISIVE]:
        raise ConfigError(*decisive)
    return list(messages.values())


def unread_variables(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    prefix: str,
    variables: Mapping[str, str],
) -> list[str]:
    """Return the settings for which a variable says something else than the config.

    Meltano sets a variable for each setting that it also writes into a config file, so
    that those which say the same are no matter. An empty one says nothing.
    """
    in_use = plain_config(config, schema)
    return [
        name
        for name, text in texts_of_settings(variables, prefix).items()
        if text.strip()
        and name in schema["properties"]
        and not _says(name, text, in_use.get(name), schema)
    ]


def _says(name: str, text: str, value: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether a variable's text says the value that is in use."""
    if text == value or text == str(value):
        return True
    try:
        read = config_from_text({name: text}, schema, str)[name]
        if isinstance(value, dict):  # what may be an object or text is read as text
            return dict(_leaves(json.loads(text))) == dict(_leaves(value))
    except (ConfigError, ValueError, RecursionError):
        return False
    return bool(read == value)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what an object holds, by its path: Meltano (4.4) writes an object so.

    `{"calls": {"user_id": "u"}}` is `{"calls.user_id": "u"}` in its variables, without
    empty objects and nulls.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif value is not None:
        yield path, value

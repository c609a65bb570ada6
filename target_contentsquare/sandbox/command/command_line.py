"""The command line, read into options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from target_contentsquare.sandbox.batches.answers import Answers
from target_contentsquare.sandbox.command.parser import command_parser
from target_contentsquare.sandbox.limits.limits import Limits
from target_contentsquare.sandbox.options import Options
from target_contentsquare.sandbox.tokens.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class Command:
    """The command line, read."""

    host: str
    port: int
    options: Options = field(repr=False)


def read_command(arguments: Sequence[str] | None = None) -> Command:
    """Return the parsed command line; exit with a message where it is wrong.

    Args:
        arguments: without the program's name; None for those of this process.
    """
    parser = command_parser()
    given = vars(parser.parse_args(arguments))
    host, port = given.pop("host"), given.pop("port")
    try:
        options = _options(given)
    except ValueError as error:
        parser.error(str(error))
    return Command(host, port, options)


def _options(given: Mapping[str, Any]) -> Options:
    """Return options, whose defaults hold where nothing was given."""
    single: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if "." not in name
    }
    changed = single | _versions(single) | _project_level(single) | _users(single)
    changed.pop("credentials", None)
    return Options(
        **changed,
        limits=Limits(**_of_group("limits", given)),
        sign_in=SignIn(**_of_group("sign_in", given)),
        answers=Answers(**_of_group("answers", given)),
    )


def _versions(given: Mapping[str, Any]) -> dict[str, Any]:
    schemas = dict(given.get("integration_schemas", ()))
    versions = given.get("integration_versions")
    if versions and not schemas:
        versions = [1, *versions]
    return {
        "integration_schemas": schemas,
        "integration_versions": tuple(versions) if versions else None,
    }


def _project_level(given: Mapping[str, Any]) -> dict[str, Any]:
    of_files = [found for file in given.get("credentials", ()) for found in file]
    made = (*given.get("project_credentials", ()), *of_files)
    return {"project_credentials": made or None}


def _users(given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("refused_users", "blocked_users")
    return {name: frozenset(given.get(name, ())) for name in names}


def _of_group(group: str, given: Mapping[str, Any]) -> dict[str, Any]:
    names = {n: n.removeprefix(f"{group}.") for n in given if n.startswith(f"{group}.")}
    values = {short: given[name] for name, short in names.items()}
    if "integration_ids" in values:
        values["integration_ids"] = frozenset(values["integration_ids"])
    return values

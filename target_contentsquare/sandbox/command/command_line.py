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


def _options(given: dict[str, Any]) -> Options:
    """Return options, whose defaults hold where nothing was given."""
    groups = {
        "limits": Limits(**_of_group("limits", given)),
        "sign_in": SignIn(**_of_group("sign_in", given)),
        "answers": Answers(**_of_group("answers", given)),
    }
    single = {name: v for name, v in given.items() if "." not in name}
    if schemas := single.get("integration_schemas"):
        single["integration_schemas"] = dict(schemas)
    elif versions := single.get("integration_versions"):
        single["integration_versions"] = [1, *versions]
    files = single.pop("credentials", [])
    if files or "project_credentials" in single:
        made = [c for file in files for c in file]
        single["project_credentials"] = [*single.get("project_credentials", ()), *made]
    for name in ("refused_users", "blocked_users"):
        single[name] = frozenset(single.get(name, ()))
    lists = {name: tuple(v) for name, v in single.items() if isinstance(v, list)}
    return Options(**(single | lists | groups))


def _of_group(group: str, given: Mapping[str, Any]) -> dict[str, Any]:
    names = {n: n.removeprefix(f"{group}.") for n in given if n.startswith(f"{group}.")}
    values = {short: given[name] for name, short in names.items()}
    if "integration_ids" in values:
        values["integration_ids"] = frozenset(values["integration_ids"])
    return values

"""The command's options, as typed."""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from target_contentsquare.sandbox.batches.integration_schema import IntegrationSchema
from target_contentsquare.sandbox.faults.fault_syntax import fault_from_text
from target_contentsquare.sandbox.options import Options

T = TypeVar("T")


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
    given = vars(_parser().parse_args(arguments))
    host, port = given.pop("host"), given.pop("port")
    if schemas := given.pop("integration_schemas", None):
        given["integration_schemas"] = dict(schemas)
    versions = given.get("integration_versions")
    if versions and not schemas:
        given["integration_versions"] = [1, *versions]
    lists = {name: tuple(v) for name, v in given.items() if isinstance(v, list)}
    return Command(host, port, Options(**(given | lists)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="target-contentsquare-sandbox",
        description="A local stand-in for Contentsquare's Enrichment API, with a page "
        "that shows what it received.",
        # Options that are not given stay unset, so that Options has all defaults.
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_address(parser)
    _add_credentials(parser)
    _add_schemas(parser)
    _add_behaviour(parser)
    return parser


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (127.0.0.1)"
    )
    parser.add_argument(
        "--port",
        type=_typed("a port, 0 to 65535", _port),
        default=8750,
        help="port to listen on, 0 for a free one (8750)",
    )


def _add_credentials(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--project",
        dest="projects",
        type=int,
        action="append",
        help="project that the account-level credentials cover; repeatable (162, 163)",
    )
    parser.add_argument("--client-id", help="account-level client id (sandbox)")
    parser.add_argument(
        "--client-secret", help="account-level client secret (sandbox-secret)"
    )
    parser.add_argument(
        "--project-credentials",
        metavar="ID:SECRET:PROJECT",
        type=_typed("ID:SECRET:PROJECT", _project_credentials),
        action="append",
        help="project-level credentials; repeatable (sandbox-162 with "
        "sandbox-162-secret, for the first project)",
    )


def _add_schemas(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--integration-schema",
        dest="integration_schemas",
        metavar="[VERSION=]FILE",
        type=_typed("a registered schema", _schema),
        action="append",
        help="JSON file with the schema registered as this integration version (1); "
        "repeatable",
    )
    parser.add_argument(
        "--integration-version",
        dest="integration_versions",
        metavar="VERSION",
        type=int,
        action="append",
        help="a version that is known without a schema; repeatable (1, where there is "
        "no schema)",
    )


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--token-seconds", type=float, help="how long a token lasts (3600)"
    )
    parser.add_argument(
        "--latency-ms", type=float, help="how long every batch takes (0)"
    )
    parser.add_argument(
        "--fault",
        dest="faults",
        metavar="NAME=VALUE,...",
        type=_typed("a fault", fault_from_text),
        action="append",
        help="something to go wrong, as status=503,count=3,retry_after=1 or "
        "drop=after,after=2 or on=token,status=429; other names: body, location, "
        "delay_ms, probability; count=always has no end; repeatable",
    )
    parser.add_argument(
        "--seed", type=int, help="of the random numbers behind probability"
    )


def _typed(what: str, read: Callable[[str], T]) -> Callable[[str], T]:
    """Return `read` with errors whose message argparse shows."""

    def convert(text: str) -> T:
        try:
            return read(text)
        except (ValueError, OSError) as error:
            message = f"{text!r} is not {what}: {error}"
            raise argparse.ArgumentTypeError(message) from error

    return convert


def _port(text: str) -> int:
    port, highest = int(text), 65_535
    if not 0 <= port <= highest:
        message = "out of range"
        raise ValueError(message)
    return port


def _project_credentials(text: str) -> tuple[str, str, int]:
    client_id, secret, project = text.split(":")
    return client_id, secret, int(project)


def _schema(text: str) -> tuple[int, IntegrationSchema]:
    version, equals, path = text.partition("=")
    if not (equals and version.isdecimal()):
        version, path = "1", text
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    return int(version), IntegrationSchema.from_json(document)

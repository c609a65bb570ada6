"""The values of the command's options, read from text."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from target_contentsquare.sandbox.batches.integration_schema import IntegrationSchema
from target_contentsquare.sandbox.tokens.credentials import (
    Credentials,
    project_credentials_from,
)

T = TypeVar("T")


def typed(what: str, read: Callable[[str], T]) -> Callable[[str], T]:
    """Return `read` with errors whose message argparse shows."""

    def convert(text: str) -> T:
        try:
            return read(text)
        except (ValueError, OSError) as error:
            message = f"{text!r} is not {what}: {error}"
            raise argparse.ArgumentTypeError(message) from error

    return convert


def port(text: str) -> int:
    """Return a TCP port, 0 for a free one."""
    number, highest = int(text), 65_535
    if not 0 <= number <= highest:
        message = "out of range"
        raise ValueError(message)
    return number


def project_credentials(text: str) -> Credentials:
    """Return credentials that are written `ID:SECRET:PROJECT`."""
    client_id, secret, project = text.split(":")
    return Credentials.of_project(client_id, secret, int(project))


def credentials_file(path: str) -> list[Credentials]:
    """Return the credentials in a JSON file."""
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    return project_credentials_from(document)


def registered_schema(text: str) -> tuple[int, IntegrationSchema]:
    """Return the version and schema of `VERSION=FILE`; a path alone is version 1."""
    version, equals, path = text.partition("=")
    if not (equals and version.isdecimal()):
        version, path = "1", text
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    return int(version), IntegrationSchema.from_json(document)

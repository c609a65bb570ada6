"""The page on troubleshooting lists every message that a user can get."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from target_contentsquare import errors
from tests.docs.failures import FAILURES
from tests.docs.pages import ROOT

_FATAL = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.FatalError)
}


#: The sandbox has a page, and Spark raises its errors to the user's own program.
_NOT_OF_THE_COMMAND = {"sandbox", "spark"}
#: Fixed part of a message -> an example of it. These need a closed stream, a full disk,
#: invalid bytes, a special environment or a signal, and are tested elsewhere.
NOT_TRIED = {
    "the state can't be printed, standard output is closed": (
        "the state can't be printed, standard output is closed"
    ),
    "the state can't be printed,": "the state can't be printed, the disk is full",
    "standard input is closed: pipe a tap in, or use --input": (
        "standard input is closed: pipe a tap in, or use --input"
    ),
    "): correct HTTPS_PROXY, HTTP_PROXY or ALL_PROXY in the environment": (
        "the proxy can't be used (its URL names no host): correct HTTPS_PROXY, "
        "HTTP_PROXY or ALL_PROXY in the environment"
    ),
    "the proxy can't be used (it speaks no TLS): begin its URL in HTTPS_PROXY or "
    "ALL_PROXY with http:// in place of https://": (
        "the proxy can't be used (it speaks no TLS): begin its URL in HTTPS_PROXY or "
        "ALL_PROXY with http:// in place of https://"
    ),
    "a SOCKS proxy needs the Python package PySocks: install it beside "
    "target-contentsquare, or use another proxy": (
        "a SOCKS proxy needs the Python package PySocks: install it beside "
        "target-contentsquare, or use another proxy"
    ),
    "the proxy wants a user and a password, or other ones (HTTP 407): correct them in "
    "HTTPS_PROXY or ALL_PROXY in the environment": (
        "the proxy wants a user and a password, or other ones (HTTP 407): correct them "
        "in HTTPS_PROXY or ALL_PROXY in the environment"
    ),
    "the proxy does not let this machine connect to Contentsquare (HTTP 403): have its "
    "host allowed there, or correct HTTPS_PROXY or ALL_PROXY in the environment": (
        "the proxy does not let this machine connect to Contentsquare (HTTP 403): have "
        "its host allowed there, or correct HTTPS_PROXY or ALL_PROXY in the environment"
    ),
    "): if a proxy of your company replaces certificates, set REQUESTS_CA_BUNDLE to a "
    "file with those it is signed by": (
        "the certificate of api.contentsquare.com can't be verified (unable to get "
        "local issuer certificate): if a proxy of your company replaces certificates, "
        "set REQUESTS_CA_BUNDLE to a file with those it is signed by"
    ),
    "): correct REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE in the environment": (
        "the certificates can't be read (No such file or directory): correct "
        "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE in the environment"
    ),
    "a STATE is not valid UTF-8": "line 1 of the input: a STATE is not valid UTF-8",
    "report_path: can't write '": (
        "report_path: can't write 'report.html': No space left on device"
    ),
    "rejected_path: can't write '": (
        "rejected_path: can't write 'rejected.singer': No space left on device"
    ),
    "the run was given up": "the run was given up",
}


@cache
def _entries() -> list[str]:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    text, _, _ = page.partition("## No error")
    return re.findall(r"^\| `(.*?)` \|", text, re.MULTILINE)


def _fits(entry: str, message: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in entry.split("…"))
    return re.fullmatch(pattern, message) is not None


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        name: failure.message(tmp_path_factory.mktemp("failure"))
        for name, failure in FAILURES.items()
    }


def test_every_message_is_on_the_page(messages: dict[str, str]) -> None:
    missing = {
        name: message
        for name, message in messages.items()
        if not any(_fits(entry, message) for entry in _entries())
    }
    assert missing == {}


def test_every_message_on_the_page_can_occur(messages: dict[str, str]) -> None:
    known = [*messages.values(), *NOT_TRIED.values()]
    unused = [
        entry
        for entry in _entries()
        if not any(_fits(entry, message) for message in known)
    ]
    assert unused == []


def test_no_message_is_a_defect(messages: dict[str, str]) -> None:
    assert [name for name, text in messages.items() if "A defect" in text] == []


def test_every_message_in_the_code_is_tested(messages: dict[str, str]) -> None:
    untested = {
        part
        for path in (ROOT / "target_contentsquare").rglob("*.py")
        if not _NOT_OF_THE_COMMAND & set(path.parts)
        for part in _fixed_texts(path)
        if not any(part in message for message in messages.values())
    }
    assert untested == NOT_TRIED.keys()


def _fixed_texts(path: Path) -> Iterator[str]:
    """Yield the longest fixed part of each message of a FatalError."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        texts = {
            target.id: assigned.value
            for assigned in ast.walk(node)
            if isinstance(assigned, ast.Assign)
            for target in assigned.targets
            if isinstance(target, ast.Name)
        }
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and _makes_an_error(call) and call.args:
                message = call.args[0]
                if isinstance(message, ast.Name):
                    message = texts.get(message.id, message)
                if parts := _fixed_parts(message):
                    yield max(parts, key=len).strip()


def _makes_an_error(call: ast.Call) -> bool:
    """Return whether a call makes a FatalError, itself or through a method `error`."""
    if isinstance(call.func, ast.Name):
        return call.func.id in _FATAL
    return isinstance(call.func, ast.Attribute) and (
        call.func.attr == "error"
        and not ast.unparse(call.func.value).endswith(("log", "logger"))
    )


def _fixed_parts(text: ast.expr) -> list[str]:
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return [
        part.value
        for part in parts
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from target_contentsquare.printable import encodable
from target_contentsquare.sandbox import Sandbox
from tests.browser import running_chromium
from tests.runs import Run, run_command, run_here

# In a new checkout the first text that Hypothesis makes takes seconds, and a machine
# that is busy takes longer for each: neither is a fault.
settings.register_profile(
    "any machine",
    settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")

#: Longer values do not stand in the name of a test.
_LONGEST_IN_NAME = 40


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Return the name of a long value: its length, and none of its content.

    What contains the time (a gzip file has it in its head) would give a test another
    name in each process, and pytest-xdist then runs no test at all.
    """
    if isinstance(val, (bytes, bytearray, str)) and len(val) > _LONGEST_IN_NAME:
        return f"{argname}-{type(val).__name__}-of-{len(val)}"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Escape halves of surrogate pairs in what a test failed with, or printed.

    execnet can't carry them, and pytest-xdist then ends without a word of the test.
    """
    return _carried((yield))


def _carried(part: Any) -> Any:
    if isinstance(part, str):
        return encodable(part)
    if isinstance(part, dict):
        return {_carried(key): _carried(value) for key, value in part.items()}
    if isinstance(part, (list, tuple)):
        return type(part)(map(_carried, part))
    return part


class Clock:
    """A clock whose time changes only when a test sets `now`."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that a running Chromium is remote-controlled at."""
    with running_chromium(tmp_path_factory.mktemp("profile")) as address:
        yield address


@pytest.fixture
def config(sandbox: Sandbox) -> dict[str, Any]:
    """The smallest config that delivers to the sandbox."""
    return config_for(sandbox)


def config_for(sandbox: Sandbox, **changes: object) -> dict[str, Any]:
    """Return a config that delivers to a sandbox, with other settings added."""
    return {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "auth_url": sandbox.auth_url,
        "project_id": 162,
        "streams": {"*": {}},
        **changes,
    }


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """Return a function that runs the target in this process.

    Flags of the command are its keywords.
    """

    def run(config: Mapping[str, Any], lines: Sequence[str] = (), **more: Any) -> Run:
        source = tmp_path / "input.singer"
        text = "".join(f"{line}\n" for line in lines)
        source.write_bytes(text.encode(errors="surrogatepass"))
        return run_here(config, source, **more)

    return run


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Run]:
    """Return a function that runs the console script with lines on its input."""

    def command(
        config: Mapping[str, Any],
        lines: Sequence[str] = (),
        *options: str,
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        arguments = ["--config", str(path), *options]
        return run_command(arguments, lines, environment, tmp_path)

    return command

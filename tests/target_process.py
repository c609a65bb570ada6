"""The target as a process, to be observed, signalled and killed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.singer_input import call, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from target_contentsquare.sandbox import Sandbox

#: What Python runs, before the options.
TARGET = ("-m", "target_contentsquare")
#: Seconds until a test gives up; much more than anything takes on a busy machine.
LONG = 30.0


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait until a condition holds.

    It is polled, since nothing better works for what another process does.
    """
    deadline = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {LONG:.0f} s"
        time.sleep(0.002)


def numbered_rows(numbers: Iterable[int], users: int = 10**9) -> Iterator[str]:
    """Yield rows that hold their number, each followed by a state with the count."""
    for number in numbers:
        yield record(call(f"u-{number % users}", call_duration=number))
        yield state({"rows": number + 1})


class TargetProcess:
    """A run whose input a test writes while it runs.

    Args:
        folder: Where its config and its log are written.
        config: The settings.
        stdin: A file to read in place of what the test writes.
        program: What Python runs, if not the target as it is.
    """

    def __init__(
        self,
        folder: Path,
        config: dict[str, Any],
        *,
        stdin: Path | None = None,
        program: Sequence[str] = TARGET,
    ) -> None:
        folder.mkdir(exist_ok=True)
        path = folder / "config.json"
        path.write_text(json.dumps(config))
        self._stderr = folder / "stderr"
        self._lines: list[bytes] = []
        reading, writing = (None, None) if stdin else os.pipe()
        self._input = writing
        source = os.open(stdin, os.O_RDONLY) if stdin else reading
        with self._stderr.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the command under test
                [sys.executable, *program, "--config", str(path)],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert source is not None
        os.close(source)
        self._stdout_wanted = True
        self._reader = threading.Thread(target=self._read_states, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process; print its log if the test failed."""
        self.process.kill()
        self.process.wait()
        self.close_stdin()
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        if error is not None:
            sys.stderr.write(self.stderr)

    # What the tap and the scheduler do

    def write(self, lines: Iterable[str]) -> None:
        """Write lines to its input, and wait while the pipe is full.

        Raises:
            BrokenPipeError: The process does not read any more.
        """
        assert self._input is not None
        data = memoryview("".join(f"{line}\n" for line in lines).encode())
        while data:
            data = data[os.write(self._input, data) :]

    def begin(self, rows: Iterable[int] = ()) -> None:
        """Write the SCHEMA and some rows."""
        self.write([schema(), *numbered_rows(rows)])

    def close_stdin(self) -> None:
        """End its input, as a tap that ends or dies does."""
        if self._input is not None:
            os.close(self._input)
            self._input = None

    def close_stdout(self) -> None:
        """Close the reading end of its output, as a parent that dies does."""
        self._stdout_wanted = False
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = LONG) -> int:
        """Wait for its end, and return the exit code."""
        code = self.process.wait(seconds)
        self._reader.join(LONG)
        return code

    def signal_until_it_ends(self, number: int) -> int:
        """Send a signal every 20 ms until the process ends; return the exit code."""
        deadline = time.monotonic() + LONG
        while self.process.poll() is None:
            assert time.monotonic() < deadline
            self.signal(number)
            time.sleep(0.02)
        return self.wait()

    # What the process printed

    @property
    def states(self) -> list[Any]:
        """The states printed so far."""
        return [json.loads(line) for line in list(self._lines)]

    @property
    def rows_in_state(self) -> int:
        """The number of rows that the last state covers."""
        return int(self.states[-1]["rows"]) if self._lines else 0

    @property
    def stderr(self) -> str:
        """The log so far."""
        return self._stderr.read_text()

    @property
    def errors(self) -> list[str]:
        """The lines of the log that are errors."""
        return [line for line in self.stderr.splitlines() if "| ERROR " in line]

    def _read_states(self) -> None:
        assert self.process.stdout is not None
        descriptor, rest = self.process.stdout.fileno(), b""
        # Read only what is there: a blocked read would keep the pipe open.
        while self._stdout_wanted:
            if not select.select([descriptor], [], [], 0.02)[0]:
                continue
            chunk = os.read(descriptor, 65_536)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            self._lines.extend(lines)


def rows_held(sandbox: Sandbox) -> list[int]:
    """Return the numbers of the rows that the sandbox holds, in order."""
    return sorted(
        int(str(fields["call_duration"])) for fields in sandbox.enrichments.values()
    )

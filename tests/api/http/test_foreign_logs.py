"""Nothing that a server sends is logged by packages that are not ours."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

from tests.api.rig import RawServer, answers

ODD_HEAD = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nmarker-7f3a\r\n\r\n"

PROGRAM = dedent("""
    import logging, sys, time
    from target_contentsquare.api.http.attempts import Attempts
    from target_contentsquare.api.http.foreign_logs import hold_back_foreign_logs
    from target_contentsquare.api.http.pool import HttpPool

    logging.basicConfig(level=logging.DEBUG)
    if sys.argv[2] == "held back":
        hold_back_foreign_logs()
    attempts = Attempts(5, time.monotonic)
    with HttpPool(1, "tests", timeout=5, attempts=attempts) as pool:
        pool.post(sys.argv[1], {}, b"{}", what="no answer")
    try:
        raise ValueError("marker-7f3a")
    except ValueError:
        logging.getLogger("urllib3.connection").error("an error", exc_info=True)
    logging.getLogger("ours").debug("ours")
""")


def log_of(mode: str) -> str:
    """Return the log of a process of its own: loggers are the same for all tests."""
    with RawServer(answers(ODD_HEAD)) as server:
        command = [sys.executable, "-c", PROGRAM, f"{server.url}/path", mode]
        done = subprocess.run(  # noqa: S603 - our own program
            command, check=True, capture_output=True, text=True
        )
    return done.stderr


def test_without_holding_them_back_they_would_show_an_answer() -> None:
    assert "marker-7f3a" in log_of("free")


def test_what_a_server_sends_is_not_logged_at_any_level() -> None:
    log = log_of("held back")
    assert "marker-7f3a" not in log
    assert "Traceback" not in log
    assert "/path" not in log
    assert "an error" in log
    assert "ours" in log

"""Text from anywhere, made fit for a line of a log and for a file in UTF-8.

The names of streams and properties are a tap's, and JSON lets them hold what ends a
line, moves the cursor of a terminal, or has no bytes in UTF-8 (half of a surrogate
pair).
"""

from __future__ import annotations

import logging


def printable(text: str) -> str:
    """Return text as one line; what can't be seen is escaped as in Python's `repr`."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in text
    )


def encodable(text: str) -> str:
    """Return text that UTF-8 can hold: half of a surrogate pair becomes its escape.

    What was JSON stays JSON, and means the same.
    """
    return text.encode(errors="backslashreplace").decode()


def make_printable(record: logging.LogRecord) -> bool:
    """Make the message of a log record one line: a filter for loggers.

    Not at DEBUG, where tracebacks are told.
    """
    if record.levelno > logging.DEBUG:
        message = record.getMessage()
        if not message.isprintable():
            record.msg, record.args = printable(message), ()
    return True

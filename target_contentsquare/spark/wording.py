"""The core's messages in the words of a Spark user.

The core speaks of properties and streams, as Singer does; here these are columns of a
DataFrame.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from target_contentsquare import errors
from target_contentsquare.errors import FatalError
from target_contentsquare.printable import make_printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS: Sequence[tuple[str, str]] = (
    (r"streams\.[^:]*?\.(?=[a-z_]+[.:])", ""),
    (r"streams\.[^:.]*: ", ""),
    (r"Stream '[^']*': ", ""),
    (r"stream '[^']*' (?=has )", "the DataFrame "),
    (r"the stream (?=has)", "the DataFrame "),
    (r"stream '[^']*'", "the DataFrame"),
    (r" They are not in the state: run again,", " Run the job again,"),
    (r"properties", "columns"),
    (r"property", "column"),
)
# How a Python traceback, which Spark puts in its own error, ends.
_RAISED = re.compile(r"^ *target_contentsquare\.errors\.(\w+): (.*)$", re.MULTILINE)


def in_spark_words(message: str) -> str:
    """Return a message of the core as a Spark user reads it."""
    for pattern, words in _WORDS:
        message = re.sub(pattern, words, message)
    return message


def _put_in_spark_words(record: logging.LogRecord) -> bool:
    record.msg, record.args = in_spark_words(record.getMessage()), ()
    return True


#: What is logged here, by the core too, comes in the words of a Spark user.
LOG = logging.getLogger("target_contentsquare.spark")
LOG.addFilter(_put_in_spark_words)
LOG.addFilter(make_printable)


def error_of_task(error: Exception) -> FatalError | None:
    """Return the error that a task raised, out of Spark's own; None if it is another's.

    Spark's error is the task's traceback as text.
    """
    raised = _RAISED.findall(str(error))
    if not raised:
        return None
    name, message = raised[-1]
    error_type = getattr(errors, name, FatalError)
    is_fatal = isinstance(error_type, type) and issubclass(error_type, FatalError)
    return (error_type if is_fatal else FatalError)(in_spark_words(message.strip()))

"""What other packages may log of a request or an answer."""

from __future__ import annotations

import logging

# urllib3 logs the raw text of an answer whose head it can't parse, as a warning; and
# each request's URL at DEBUG.
_PACKAGES = ("urllib3", "requests", "charset_normalizer", "chardet")


def hold_back_foreign_logs() -> None:
    """Let packages that see requests and answers log errors only, without tracebacks.

    To be called once logging has been configured, and `requests` imported.
    """
    known = list(logging.Logger.manager.loggerDict)
    inside = [name for name in known if name.partition(".")[0] in _PACKAGES]
    for name in {*_PACKAGES, *inside}:
        logger = logging.getLogger(name)
        logger.setLevel(logging.ERROR)
        logger.addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = record.stack_info = None
    return True

"""One line, no traceback, for anything that a user can cause."""

from __future__ import annotations

import contextlib
import sys
import traceback
from typing import TYPE_CHECKING

import click
from singer_sdk.exceptions import ConfigValidationError, MappingError, SingerSDKError

from target_contentsquare.errors import FatalError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator


@contextlib.contextmanager
def one_line_errors(logger: logging.Logger) -> Iterator[None]:
    """Turn errors into one line of the log and exit code 1.

    With the log level DEBUG the traceback comes before it, without the error's text.
    """
    try:
        yield
    except click.ClickException:
        raise
    except Exception as error:  # noqa: BLE001 - the last place to make it one line
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.debug("Traceback of the error below:\n%s", frames)
        logger.error("%s", line_for(error))  # noqa: TRY400 - one line is the point
        sys.exit(1)


def line_for(error: BaseException) -> str:
    """Return one line that tells an error, without what may hold a row's value."""
    if isinstance(error, ConfigValidationError):
        return f"Config: {'; '.join(error.errors)}"
    if isinstance(error, MappingError):
        return f"stream_maps: {' '.join(str(error).split())}"
    if isinstance(error, FatalError):
        return str(error)
    if isinstance(error, SingerSDKError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: '{error.filename}'"
    # Not the error's text: it may hold a row's value.
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"A defect in this target ({type(error).__name__} at {place.name}, line "
        f"{place.lineno}): please report it with the traceback that the environment "
        "variable TARGET_CONTENTSQUARE_LOGLEVEL=DEBUG shows"
    )

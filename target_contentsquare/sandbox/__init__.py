"""A local stand-in for Contentsquare's Enrichment API.

It states the API's contract on its own: nothing here is imported from the rest of
the package, and the rest imports nothing from here, so that a test finds
every reading of the documentation that the two do not share.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from target_contentsquare.sandbox.faults.fault import Fault

if TYPE_CHECKING:
    from target_contentsquare.sandbox.in_process import Sandbox

__all__ = ["Fault", "Sandbox"]


def __getattr__(name: str) -> object:
    """Return `Sandbox`, imported when it is first used.

    Python imports this file before the command, which must be able to say that
    aiohttp is missing.
    """
    if name == "Sandbox":
        return import_module("target_contentsquare.sandbox.in_process").Sandbox
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)

"""A local stand-in for Contentsquare's Enrichment API.

It states the API's contract on its own: nothing here is imported from the rest of
the package, and the rest imports nothing from here, so that a misreading of the
documentation has to be made twice before a test agrees with it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from target_contentsquare.sandbox.faults.faults import Fault

if TYPE_CHECKING:
    from target_contentsquare.sandbox.in_process import Sandbox

__all__ = ["Fault", "Sandbox"]


def __getattr__(name: str) -> object:
    """Import `Sandbox` when it is first used.

    The command must be able to say that aiohttp is missing, and Python imports this
    file before it.
    """
    if name == "Sandbox":
        return import_module("target_contentsquare.sandbox.in_process").Sandbox
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)

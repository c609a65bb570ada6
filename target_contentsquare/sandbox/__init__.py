"""A local stand-in for Contentsquare's Enrichment API.

It states the API's contract on its own: nothing here is imported from the rest of
the package, and the rest imports nothing from here, so that a test finds
every reading of the documentation that the two do not share.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.limits.limits import Limits

if TYPE_CHECKING:
    from target_contentsquare.sandbox.batches.answers import Answers
    from target_contentsquare.sandbox.in_process import Sandbox
    from target_contentsquare.sandbox.tokens.sign_in import SignIn

__all__ = ["Answers", "Fault", "Limits", "Sandbox", "SignIn"]


def __getattr__(name: str) -> object:
    """Return `Answers`, `Sandbox` or `SignIn`, imported when it is first used.

    They need aiohttp. Python imports this file before the command, which must be able
    to say that aiohttp is missing.
    """
    if name in {"Answers", "Sandbox", "SignIn"}:
        module = import_module("target_contentsquare.sandbox.in_process")
        return getattr(module, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)

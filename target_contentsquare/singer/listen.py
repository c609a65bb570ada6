"""How the SDK's `listen` becomes a run."""

from __future__ import annotations

from collections import Counter
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.singerlib.encoding.base import GenericSingerReader

if TYPE_CHECKING:
    from collections.abc import Callable


class RunOfTheTarget(GenericSingerReader[bytes]):
    """Lets the SDK's `listen`, which can't be overridden, do a whole run.

    The SDK would decode each line into a dict and hand it to a sink; a run reads the
    lines itself.
    """

    def __init__(self, run: Callable[[IO[Any] | None], int]) -> None:
        super().__init__()
        self._run = run

    def process_lines(self, file_input: Any, callbacks: Any) -> Counter[str]:
        """Run the target; the log has the counts."""
        _ = callbacks
        self._run(file_input)
        return Counter()

    @property
    def default_input(self) -> Any:
        """Standard input, which the run opens itself."""
        return None

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Never called: the run decodes its lines."""
        raise NotImplementedError

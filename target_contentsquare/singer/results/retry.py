"""`retry_rejected`: the rows of the rejected file go through a run before its input.

The file is renamed first, and deleted once its rows are settled: delivered, dropped, or
rejected again and in the new file. A run that is killed in between leaves the renamed
file, which the next run takes first; what it delivered is then unchanged.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.row_function import SESSION_TOO_OLD
from target_contentsquare.mapping.session_age import MAX_SESSION_AGE_DAYS
from target_contentsquare.singer.results.rejected_line import (
    earlier_rejection,
    without_note,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    from target_contentsquare.delivery.memory.superseded import EarlierRejection
    from target_contentsquare.pipeline import Pipeline
    from target_contentsquare.singer.input.reader import LineReader, Message
    from target_contentsquare.singer.results.rejected_file import RejectedFile
    from target_contentsquare.singer.results.taken_file import TakenFile
    from target_contentsquare.singer.streams.streams import Streams

_MAX_AGE_SECONDS = MAX_SESSION_AGE_DAYS * 24 * 3600


class Retry:
    """Feeds rejected rows through a pipeline.

    Args:
        streams: For these rows only, so that those of the input keep their numbers.
        reader: For these rows only.
    """

    def __init__(  # noqa: PLR0913 - what the run has made ready
        self,
        rejected: RejectedFile,
        pipeline: Pipeline,
        *,
        streams: Streams,
        reader: LineReader,
        log: Logger,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._rejected = rejected
        self._pipeline = pipeline
        self._streams = streams
        self._reader = reader
        self._log = log
        self._now = now
        self._takers: dict[str, Callable[[bytes], None]] = {}
        self._taken: set[tuple[str, int, int, int]] = set()

    def execute(self, taken: TakenFile) -> None:
        """Feed the rows of a file, and wait until they are settled.

        Raises:
            FatalError: They can't be settled.
        """
        with self._pipeline.retrying():
            for message in self._reader.messages(taken.file, self._takers):
                if message.type == "SCHEMA":
                    self._begin(message)
                else:
                    raise message.error(
                        f"'{taken.path}' is not a file of rejected rows: move it away"
                    )
            self._pipeline.flush()

    def _begin(self, message: Message) -> None:
        name = message.stream
        try:
            self._streams.begin(message)
        except ConfigError as error:
            self._log.warning(
                "Rejected rows of stream '%s' stay in rejected_path, since the mapping "
                "does not fit the SCHEMA that they came under: %s",
                name,
                error,
            )
        else:
            if self._streams.is_read(name):
                self._takers[name] = self._taker(name)
                return
        schema = message.decode()
        self._takers[name] = lambda line: self._rejected.put_back(schema, line)

    def _taker(self, name: str) -> Callable[[bytes], None]:
        take, oldest = self._streams.takers[name], self._now() - _MAX_AGE_SECONDS

        def take_unless_too_old(line: bytes) -> None:
            rejection = earlier_rejection(line)
            if self._is_copy(name, line, rejection):
                return
            if rejection is None or rejection.at >= oldest:
                take(line)
                return
            counts = self._pipeline.summary.counts(name)
            counts.read += 1
            counts.dropped[SESSION_TOO_OLD] += 1

        return take_unless_too_old

    def _is_copy(
        self, name: str, line: bytes, rejection: EarlierRejection | None
    ) -> bool:
        """Return whether a row was taken before.

        A run that was killed has put back rows that the renamed file still has. Run and
        number alone do not tell a row: two runs that share the file may have started in
        the same millisecond.
        """
        if rejection is None or rejection.run is None:
            return False
        row = name, rejection.run, rejection.row, hash(without_note(line))
        is_copy = row in self._taken
        self._taken.add(row)
        return is_copy

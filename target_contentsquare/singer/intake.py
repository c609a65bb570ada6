"""What a run does with each message of its input."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import RecordsWithoutSchemaException

from target_contentsquare.singer.input.batch_files import batch_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from logging import Logger

    from target_contentsquare.delivery.clock import Clock
    from target_contentsquare.pipeline import Pipeline
    from target_contentsquare.singer.input.reader import LineReader, Message
    from target_contentsquare.singer.results.state import StateKeeper
    from target_contentsquare.singer.signals import StopSignal
    from target_contentsquare.singer.streams.streams import Streams

_ROWS_BETWEEN_TICKS = 256


class Intake:
    """Takes the messages of an input: SCHEMA, RECORD, STATE, BATCH, ACTIVATE_VERSION.

    Args:
        batch_storage: The SDK's `batch_config.storage`.
        tick: Does what is due; called at least once in 256 rows of a BATCH file.
    """

    def __init__(  # noqa: PLR0913 - what the run has made ready
        self,
        reader: LineReader,
        streams: Streams,
        states: StateKeeper,
        pipeline: Pipeline,
        *,
        batch_storage: Mapping[str, Any] | None,
        stop: StopSignal,
        clock: Clock,
        tick: Callable[[], None],
        log: Logger,
    ) -> None:
        self._reader = reader
        self._streams = streams
        self._states = states
        self._pipeline = pipeline
        self._batch_storage = batch_storage
        self._stop = stop
        self._clock = clock
        self._tick = tick
        self._log = log
        self._had_null_state = False

    def read(self, file_input: IO[Any] | None) -> None:
        """Read to the end of the input, or until the run is told to stop.

        Raises:
            FatalError: Or an error of the SDK that a user can cause.
        """
        # RECORD messages of known streams go from the reader to the stream's taker.
        messages = self._reader.messages(
            file_input, self._streams.takers, self._streams.piece_takers
        )
        for message in messages:
            if message.type == "SCHEMA":
                self._begin_stream(message)
            elif message.type == "RECORD":
                raise _missing_schema(message)
            elif message.type == "STATE":
                self._take_state(message)
            elif message.type == "BATCH":
                self._take_batch(message)
            # Contentsquare keeps no versions of a table, and deletes nothing.
            elif message.type != "ACTIVATE_VERSION":
                raise message.error(f"unknown message type '{message.type:.40}'")

    def _begin_stream(self, message: Message) -> None:
        self._streams.begin(message)
        if self._streams.has_mapped:
            self._states.enable()

    def _take_state(self, message: Message) -> None:
        if not message.value:
            raise message.error("a STATE has no 'value'")
        if message.value == b"null":
            self._pass_over_null_state(message)
            return
        try:
            message.value.decode()
        except UnicodeDecodeError:
            raise message.error("a STATE is not valid UTF-8") from None
        self._states.take(message.value, self._pipeline.position)
        self._states.print_due()

    def _pass_over_null_state(self, message: Message) -> None:
        """Warn once: a run that began at null would read everything again."""
        if not self._had_null_state:
            self._log.warning(
                "line %d of the input: a STATE is null: it is passed over, and the "
                "state before it stays",
                message.number,
            )
        self._had_null_state = True

    def _take_batch(self, message: Message) -> None:
        """Take each row of the files as if it had come in a RECORD message.

        The files of a stream without a mapping are not opened.
        """
        take = self._streams.takers.get(message.stream)
        if take is None:
            raise _missing_schema(message)
        if not self._streams.is_read(message.stream):
            return
        lines = batch_lines(message.decode(), self._batch_storage)
        for number, line in enumerate(lines, start=1):
            self._clock.look()  # a file may be slow to come
            if self._stop.number is not None:
                return
            take(line)
            if number % _ROWS_BETWEEN_TICKS == 0:
                self._tick()


def _missing_schema(message: Message) -> RecordsWithoutSchemaException:
    return RecordsWithoutSchemaException(
        f"line {message.number} of the input: a row of stream '{message.stream}' comes "
        "before its SCHEMA: check the tap"
    )

"""An SDK target that drops its rows, to measure what the SDK takes to start."""

from __future__ import annotations

from typing import Any

from singer_sdk import BatchSink, Target


class NothingSink(BatchSink):
    """A sink that drops its rows."""

    def process_batch(self, context: dict[str, Any]) -> None:
        """Do nothing."""


class BareTarget(Target):
    """A target without settings."""

    name = "target-bare"
    config_jsonschema = {"type": "object", "properties": {}}  # noqa: RUF012 - as in SDK
    default_sink_class = NothingSink


if __name__ == "__main__":
    BareTarget.cli()

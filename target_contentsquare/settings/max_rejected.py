"""How many rows may be undeliverable before the run fails."""

from __future__ import annotations

import re
from dataclasses import dataclass

from target_contentsquare.errors import ConfigError

_COUNT = re.compile(r"[0-9]{1,18}")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?) ?%")


@dataclass(frozen=True, slots=True)
class MaxRejected:
    """A count, which is looked at with each row, or a share, looked at in the end.

    Attributes:
        count: One rejected row more ends the run at once; None where it is a share.
        percent: 0 to 100, of the rows that were not skipped; None where it is a count.
    """

    count: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, value: int | str) -> MaxRejected:
        """Return what the setting says: a count, its text, or a share such as `"5%"`.

        Raises:
            ConfigError: It is neither.
        """
        text = str(value).strip()
        if _COUNT.fullmatch(text):
            return cls(count=int(text))
        share = _SHARE.fullmatch(text)
        if share is None or float(share[1]) > 100:  # noqa: PLR2004 - per cent
            raise ConfigError(
                'max_rejected: must be a count of rows, or a share such as "5%"'
            )
        return cls(percent=float(share[1]))

    def is_exceeded_at_once(self, rejected: int) -> bool:
        """Return whether so many rejected rows end the run without its other rows."""
        return self.count is not None and rejected > self.count

    def is_exceeded_in_the_end(self, rejected: int, rows: int) -> bool:
        """Return whether a whole run has rejected too much.

        Args:
            rejected: Rows that can't be delivered.
            rows: Rows that were read and not skipped, the rejected ones among them.
        """
        if self.percent is None:
            return self.is_exceeded_at_once(rejected)
        return rejected * 100 > rows * self.percent

    def __str__(self) -> str:
        return f"{self.percent:g}%" if self.count is None else str(self.count)

"""A fault: which requests go wrong, and how."""

from dataclasses import dataclass
from typing import Literal, get_args

Endpoint = Literal["enrichments", "token"]
"""The two endpoints that a fault can be ordered for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, from one request on for a number of requests.

    A fault with a `status` or `drop="before"` is applied before all checks, as by a
    gateway: nothing is stored. `delay_ms` alone makes a slow answer: the batch is
    checked after the delay, and not at all when the client closed the connection
    meanwhile.

    Attributes:
        status: answer this HTTP status.
        retry_after: with `status`: the `Retry-After` header, verbatim: seconds or an
            HTTP date.
        body: with `status`: the answer's body, verbatim. Default: a JSON message.
        location: with `status`: the `Location` header of a redirect.
        drop: cut the TCP connection instead of answering, "before" anything is
            stored or "after" (then a delay comes between the two).
        after: requests of this endpoint to let pass first, counted from when the
            fault was added.
        count: requests to hit, None for all from then on.
        on: the endpoint.
        delay_ms: milliseconds to wait.
        probability: chance of each due request to be hit, 0 to 1; None is always.
    """

    status: int | None = None
    retry_after: str | int | None = None
    body: str | None = None
    location: str | None = None
    drop: Literal["before", "after"] | None = None
    after: int = 0
    count: int | None = 1
    on: Endpoint = "enrichments"
    delay_ms: float = 0
    probability: float | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a fault that would do nothing or contradicts itself."""
        for wrong, message in (
            (not (self.status or self.drop or self.delay_ms), "does nothing"),
            (self.status and self.drop, "status and drop exclude each other"),
            (self.status and not 200 <= self.status <= 599, "status: 200 to 599"),  # noqa: PLR2004 - the range is what the message says
            (not self.status and self._describes_an_answer(), "needs a status"),
            (self.drop not in (None, "before", "after"), "drop: before or after"),
            (self.on not in get_args(Endpoint), "on: enrichments or token"),
            (self.after < 0 or self.delay_ms < 0, "after, delay_ms: 0 or more"),
            (self.count is not None and self.count < 1, "count: 1 or more"),
            (not 0 <= (self.probability or 0) <= 1, "probability: 0 to 1"),
        ):
            if wrong:
                raise ValueError(message)

    def _describes_an_answer(self) -> bool:
        return (self.retry_after, self.body, self.location) != (None, None, None)

"""The limits that a sandbox plays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many requests to `/v1/enrichments` a project may make.

    Every project has limits of its own, whatever credentials its tokens were given
    for. Contentsquare documents no limits for this API; its Export and Metrics APIs
    allow 10 requests at once per project.

    Attributes:
        rate: requests a second, None for any number.
        burst: requests that may come at once after a pause, 1 or more.
        in_flight: requests that may be handled at once, None for any number.
        retry_after: whether a 429 has the header `Retry-After`, in whole seconds.

    Raises:
        ValueError: a number is too small.
    """

    rate: float | None = None
    burst: int = 1
    in_flight: int | None = None
    retry_after: bool = True

    def __post_init__(self) -> None:
        """Raise ValueError where no request could ever pass."""
        if self.rate is not None and not self.rate > 0:
            message = "rate: more than 0"
            raise ValueError(message)
        if self.burst < 1 or (self.in_flight is not None and self.in_flight < 1):
            message = "burst, in_flight: 1 or more"
            raise ValueError(message)

    def sentences(self) -> Iterator[str]:
        """Yield what the page says of these limits."""
        if self.rate is not None:
            burst = f"burst {self.burst}"
            yield f"At most {self.rate:g} requests a second per project, {burst}"
        if self.in_flight is not None:
            yield f"At most {self.in_flight} requests at once per project"
        if (self.rate, self.in_flight) != (None, None):
            header = "with" if self.retry_after else "without"
            yield f"Requests over a limit get 429 {header} Retry-After"


def changed_limits(limits: Limits, document: object) -> Limits:
    """Return limits with the changes of a JSON object, whose keys are attributes.

    Raises:
        ValueError: an unknown key, a value of the wrong type, or one too small.
    """
    if not isinstance(document, Mapping):
        message = 'send a JSON object such as {"rate": 5}'
        raise ValueError(message)  # noqa: TRY004 - the request is wrong, not the code
    for name, value in document.items():
        _check_type(name, value)
    return replace(limits, **document)


def _check_type(name: str, value: object) -> None:
    types: dict[str, tuple[type, ...]] = {
        "rate": (int, float, type(None)),
        "burst": (int,),
        "in_flight": (int, type(None)),
        "retry_after": (bool,),
    }
    if name not in types:
        message = f"unknown key {name!r}; known: {', '.join(types)}"
        raise ValueError(message)
    if not isinstance(value, types[name]) or (
        isinstance(value, bool) and bool not in types[name]
    ):
        message = f"{name} can't be {value!r}"
        raise ValueError(message)

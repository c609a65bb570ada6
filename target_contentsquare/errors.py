"""Everything that can go wrong, grouped by what the caller does about it.

    ContentsquareTargetError
    ├── FatalError                end the run with this one line, exit code 1
    │   ├── ConfigError               a setting, option or mapping has to change
    │   ├── InputError                what the tap wrote is not Singer
    │   ├── AuthenticationError       the credentials, or what they cover
    │   │   └── ProjectNotCoveredError    one project that they don't cover
    │   ├── ApiError                  an answer that trying again does not cure
    │   ├── DeliveryError             tried again until the time was up
    │   ├── TooManyRejectedError      no room for another rejected row
    │   ├── OutcomeError              all is settled, but not as the user demands
    │   └── OutputError               nobody reads our state any more
    ├── RetryableError            try the same request again, later
    ├── TokenRefusedError         get a new token, then try again
    ├── BatchRefusedError         at least one row is wrong: halve the batch
    ├── BatchUndeliverableError   no row of the batch can be sent: reject them all
    └── UnfitValueError           a row's value can't be sent: reject the row

Messages of a `FatalError` are shown to users: they say what happened, where and what
to change, in one line, and never hold a secret, a token or a row's value.
"""

from __future__ import annotations

from dataclasses import dataclass


class ContentsquareTargetError(Exception):
    """Root of this package's errors."""


class FatalError(ContentsquareTargetError):
    """Ends the run; its message is the one line that the user sees."""


class ConfigError(FatalError):
    """A setting, an option or a mapping has to change.

    Args:
        faults: What is wrong, each with the name of what has to change. The message
            joins them with "; ". Line breaks, which names may have, become blanks.
    """

    def __init__(self, *faults: str) -> None:
        self.faults = tuple(" ".join(fault.splitlines()) for fault in faults)
        super().__init__("; ".join(self.faults))


class InputError(FatalError):
    """What the tap wrote is not what Singer says it should be."""


class AuthenticationError(FatalError):
    """The credentials are wrong, expired, or don't cover the project."""


class ProjectNotCoveredError(AuthenticationError):
    """The credentials don't cover one project; they may be good for others.

    Args:
        project_id: None for the credentials' own project.
    """

    def __init__(self, reason: str, project_id: int | None = None) -> None:
        super().__init__(reason)
        self.project_id = project_id


class ApiError(FatalError):
    """Contentsquare gave an answer that trying again does not cure."""


class DeliveryError(FatalError):
    """A request kept failing until its time was up, or the run was stopped."""


class TooManyRejectedError(FatalError):
    """A row can't be delivered and there is no room for it among the rejected."""


class OutcomeError(FatalError):
    """Everything is settled, but the counts are not what the settings demand."""


class OutputError(FatalError):
    """A file, or standard output, can't be written."""


class RetryableError(ContentsquareTargetError):
    """The same request may succeed later.

    Args:
        reason: What happened, without a secret or a row's value.
        retry_after: Seconds that the server asked to wait, if it did.
        cause: The same in a few words that fit after a host's name, such as "refuses
            connections" or "HTTP 503".
        host: Whose trouble it is; None where nobody was asked.
        is_throttling: The server works, and asks for fewer requests (429).
    """

    def __init__(
        self,
        reason: str,
        retry_after: float | None = None,
        *,
        cause: str | None = None,
        host: str | None = None,
        is_throttling: bool = False,
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.cause = cause or reason
        self.host = host
        self.is_throttling = is_throttling


class TokenRefusedError(ContentsquareTargetError):
    """401: the token expired or was revoked; the cure is a new one."""


class BatchRefusedError(ContentsquareTargetError):
    """At least one row of the batch is wrong; the API does not say which.

    Args:
        status: Of the answer: 400, 403, 413 or 422.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class BatchUndeliverableError(ContentsquareTargetError):
    """No row of the batch can be sent, whatever its values are.

    Args:
        reason: One of the contract's reasons, such as `invalid_project_id`.
        field: The mapping key that it is about.
        detail: Why, for the rejected file.
    """

    def __init__(self, reason: str, field: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one value of a row.

    Attributes:
        reason: One of the contract's reasons, such as `string_too_long`.
        field: The enrichment field or mapping key; None where it is not known yet.
        detail: Why, for the rejected file, and not for the log.
    """

    reason: str
    field: str | None
    detail: str


class UnfitValueError(ContentsquareTargetError):
    """A row holds values that Contentsquare would not take.

    Args:
        reason: See `Fault`.
        detail: See `Fault`.
        field: See `Fault`.
        more: What else is wrong with the same row.

    Attributes:
        faults: All that is known to be wrong with the row, in the order in which its
            values are looked at.
    """

    def __init__(
        self,
        reason: str,
        detail: str,
        field: str | None = None,
        more: tuple[Fault, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.faults = (Fault(reason, field, detail), *more)

    @property
    def reason(self) -> str:
        """The first fault's reason."""
        return self.faults[0].reason

    @property
    def field(self) -> str | None:
        """The first fault's field."""
        return self.faults[0].field

    @property
    def detail(self) -> str:
        """The first fault's detail."""
        return self.faults[0].detail

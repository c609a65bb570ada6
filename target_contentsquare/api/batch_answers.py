"""What each answer to a batch means.

Documented are 200, two sentences under 400, and 401. All else is what such APIs do.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from target_contentsquare.api.error_names import status_and_name, texts_in
from target_contentsquare.api.http.http_errors import RETRYABLE_STATUSES, trouble_in
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    ContentsquareTargetError,
    TokenRefusedError,
)

if TYPE_CHECKING:
    from target_contentsquare.api.http.pool import Answer

#: OK, Created, Accepted, No Content.
SUCCESSES = frozenset({200, 201, 202, 204})
# Bad Request, Content Too Large, Unprocessable Content.
_REFUSALS = frozenset({400, 413, 422})
_BAD_VERSION = "bad integration version"


def error_for(
    answer: Answer,
    project_id: int,
    integration_version: int,
    *,
    now: float,
    has_delivered: bool,
) -> ContentsquareTargetError:
    """Return the error that an answer other than a success means.

    Args:
        now: Unix seconds, to count a Retry-After that holds a date from.
        has_delivered: The request's token has delivered a batch in this run. A 403 then
            is a firewall that dislikes a value.
    """
    status = answer.status
    if status == HTTPStatus.UNAUTHORIZED:
        return TokenRefusedError("HTTP 401")
    if status in RETRYABLE_STATUSES:
        return trouble_in(answer, "Contentsquare", now)
    if status == HTTPStatus.BAD_REQUEST and _names_bad_version(answer):
        return ApiError(
            f"project {project_id} has no integration version {integration_version} "
            "(HTTP 400, bad integration version): set integration_version to a "
            "registered one"
        )
    if status in _REFUSALS or (status == HTTPStatus.FORBIDDEN and has_delivered):
        return BatchRefusedError(f"HTTP {status}", status)
    return _unexpected(answer, project_id)


def has_unexpected_body(answer: Answer) -> bool:
    """Return whether a 200 has a body; its documentation says that it has none."""
    return answer.status == HTTPStatus.OK and bool(answer.body.strip())


def _names_bad_version(answer: Answer) -> bool:
    return any(_BAD_VERSION in text for text in texts_in(answer))


def _unexpected(answer: Answer, project_id: int) -> ApiError:
    told = status_and_name(answer)
    if answer.status == HTTPStatus.FORBIDDEN:
        return ApiError(
            f"Contentsquare forbids to enrich project {project_id} ({told}): "
            "use credentials that cover this project, or change project_id"
        )
    if 300 <= answer.status < 400:  # noqa: PLR2004 - the redirects
        return ApiError(
            f"the endpoint of project {project_id} redirects ({told}) and "
            "redirects are not followed: tell Contentsquare's support"
        )
    return ApiError(
        f"Contentsquare answered {told} to a batch for project {project_id}, "
        "which trying again does not cure: look for this answer in its documentation"
    )

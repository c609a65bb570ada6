"""The body of `POST /v1/oauth/token`."""

from dataclasses import dataclass, field

from target_contentsquare.sandbox import strict_json
from target_contentsquare.sandbox.errors import TokenRequestError


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A well-formed request for a token."""

    client_id: str
    client_secret: str = field(repr=False)
    project_id: int | None
    integration_id: str | None

    @classmethod
    def from_body(cls, body: bytes) -> "TokenRequest":
        """Return the token request in a JSON body.

        Raises:
            TokenRequestError: it isn't JSON, or not the documented fields for this API
                (scope `enrichment`, grant type `client_credentials`).
        """
        fields = _object(body)
        _refuse_unknown(fields)
        _expect(fields, "grant_type", "client_credentials")
        _expect(fields, "scope", "enrichment")
        return cls(
            _text(fields, "client_id"),
            _text(fields, "client_secret"),
            _project(fields),
            _integration(fields),
        )


def _object(body: bytes) -> dict[str, object]:
    try:
        document = strict_json.parse(body)
    except ValueError as error:
        message = f"the body is not JSON: {error}"
        raise TokenRequestError(message) from error
    if not isinstance(document, dict):
        message = "the body must be a JSON object"
        raise TokenRequestError(message)
    return document


def _refuse_unknown(fields: dict[str, object]) -> None:
    known = {"client_id", "client_secret", "grant_type", "scope"}
    known |= {"project_id", "integration_id"}
    if unknown := sorted(fields.keys() - known):
        message = f"unknown field {unknown[0]!r}"
        raise TokenRequestError(message)


def _expect(fields: dict[str, object], name: str, value: str) -> None:
    if fields.get(name) != value:
        message = f"{name} must be {value!r}"
        raise TokenRequestError(message)


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        message = f"{name} must be text that is not empty"
        raise TokenRequestError(message)
    return value


def _project(fields: dict[str, object]) -> int | None:
    if "project_id" not in fields:
        return None
    value = fields["project_id"]
    if isinstance(value, bool) or not isinstance(value, int):
        message = "project_id must be an integer"
        raise TokenRequestError(message)
    return value


def _integration(fields: dict[str, object]) -> str | None:
    if "integration_id" not in fields:
        return None
    value = fields["integration_id"]
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        message = "integration_id must be an integer or text"
        raise TokenRequestError(message)
    return str(value)

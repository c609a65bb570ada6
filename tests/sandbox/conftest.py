import json
from collections.abc import Callable, Iterator

import pytest
import requests

from target_contentsquare.sandbox import Sandbox

Ask = Callable[..., requests.Response]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def ask_token() -> Ask:
    """Asks for a token; keywords change the request, None leaves a field out."""

    def ask(sandbox: Sandbox, **changes: object) -> requests.Response:
        fields = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "grant_type": "client_credentials",
            "scope": "enrichment",
            "project_id": 162,
        }
        kept = {k: v for k, v in (fields | changes).items() if v is not None}
        return requests.post(sandbox.auth_url, json=kept, timeout=5)

    return ask


@pytest.fixture
def bearer(ask_token: Ask) -> Callable[..., dict[str, str]]:
    """Gives the headers of a request with a new token."""

    def bearer(sandbox: Sandbox, project: int = 162) -> dict[str, str]:
        token = ask_token(sandbox, project_id=project).json()["access_token"]
        return {"Authorization": f"Bearer {token}"}

    return bearer


@pytest.fixture
def send(bearer: Callable[..., dict[str, str]]) -> Ask:
    """Posts rows, or a whole body as a dict or as bytes, with a new token."""

    def send(
        sandbox: Sandbox,
        body: object,
        headers: dict[str, str] | None = None,
        **changes: object,
    ) -> requests.Response:
        if isinstance(body, list):
            whole = {"integrationVersion": 1, "projectId": 162, "enrichments": body}
            body = whole | changes
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = bearer(sandbox) if headers is None else headers
        url = f"{sandbox.url}/v1/enrichments"
        return requests.post(
            url, data=data, headers=headers, timeout=5, allow_redirects=False
        )

    return send


@pytest.fixture
def row() -> Callable[..., dict[str, object]]:
    """Makes an enrichment; keywords change it."""

    def row(
        user: str = "aaa", session: int = 5, **changes: object
    ) -> dict[str, object]:
        fields: dict[str, object] = {"call_center_name": "RENNES"}
        made = {"userId": user, "sessionNumber": session, "enrichment": fields}
        return made | changes

    return row

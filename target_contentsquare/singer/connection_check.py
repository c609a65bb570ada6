"""`--test`: does signing in work for every project that the settings name?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from target_contentsquare.api.connection import sign_in
from target_contentsquare.errors import DeliveryError, RetryableError

if TYPE_CHECKING:
    from target_contentsquare.settings.settings import Settings


def check_connection(settings: Settings, user_agent: str) -> None:
    """Sign in once for every project that the settings name, and print how it went.

    Raises:
        AuthenticationError: Contentsquare does not give a token.
        DeliveryError: It can't be reached.
    """
    for project in settings.projects:
        try:
            token = sign_in(settings, project, user_agent=user_agent)
        except RetryableError as error:
            msg = f"{error}: check auth_url and the network, or try again later"
            raise DeliveryError(msg) from None
        click.echo(f"project {token.project_id}: signed in, endpoint {token.endpoint}")
    if not settings.projects:
        click.echo(
            "every stream takes its project from a property: none to sign in for"
        )

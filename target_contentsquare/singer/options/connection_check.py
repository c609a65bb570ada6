"""`--test`: does signing in work for every project that the settings name?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from target_contentsquare.api.connection import sign_in
from target_contentsquare.errors import DeliveryError, RetryableError

if TYPE_CHECKING:
    from target_contentsquare.api.signing_in.account import Account
    from target_contentsquare.api.signing_in.tokens import Token
    from target_contentsquare.settings.settings import Settings


def check_connection(settings: Settings, user_agent: str) -> None:
    """Sign in once for each project and integration of the settings, and print how.

    Raises:
        AuthenticationError: Contentsquare does not give a token.
        DeliveryError: It can't be reached.
    """
    for account in settings.accounts:
        try:
            token = sign_in(settings, account, user_agent=user_agent)
        except RetryableError as error:
            msg = f"{error}: check auth_url and the network, or try again later"
            raise DeliveryError(msg) from None
        click.echo(f"{_describe(account, token)}: signed in, endpoint {token.endpoint}")
    if not settings.accounts:
        click.echo(
            "every stream takes its project from a property: none to sign in for"
        )


def _describe(account: Account, token: Token) -> str:
    if account.integration_id is None:
        return f"project {token.project_id}"
    return f"project {token.project_id}, integration {account.integration_id}"

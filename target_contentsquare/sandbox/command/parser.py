"""The options of the command, as they are typed."""

import argparse

from target_contentsquare.sandbox.command.option_values import (
    credentials_file,
    port,
    project_credentials,
    registered_schema,
    typed,
)
from target_contentsquare.sandbox.faults.fault_syntax import fault_from_text


def command_parser() -> argparse.ArgumentParser:
    """Return the parser; a name with a dot belongs to a group of `Options`."""
    parser = argparse.ArgumentParser(
        prog="target-contentsquare-sandbox",
        description="A local stand-in for Contentsquare's Enrichment API, with a page "
        "that shows what it received.",
        # Options that are not given stay unset, so that Options has all defaults.
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_address(parser)
    _add_credentials(parser.add_argument_group("credentials"))
    _add_sign_in(parser.add_argument_group("how token requests are answered"))
    _add_schemas(parser.add_argument_group("integration schemas"))
    _add_answers(parser.add_argument_group("how batches are answered"))
    _add_limits(parser.add_argument_group("limits of each project"))
    _add_faults(parser.add_argument_group("faults"))
    return parser


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (127.0.0.1)"
    )
    parser.add_argument(
        "--port",
        type=typed("a port, 0 to 65535", port),
        default=8750,
        help="port to listen on, 0 for a free one (8750)",
    )
    parser.add_argument(
        "--keep",
        type=int,
        help="how many enrichments are kept; the oldest are forgotten (1000000)",
    )


def _add_credentials(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--project",
        dest="projects",
        type=int,
        action="append",
        help="project that the account-level credentials cover; repeatable (162, 163)",
    )
    group.add_argument("--client-id", help="account-level client id (sandbox)")
    group.add_argument(
        "--client-secret", help="account-level client secret (sandbox-secret)"
    )
    group.add_argument(
        "--project-credentials",
        metavar="ID:SECRET:PROJECT",
        type=typed("ID:SECRET:PROJECT", project_credentials),
        action="append",
        help="project-level credentials; repeatable (sandbox-162 with "
        "sandbox-162-secret, for the first project)",
    )
    group.add_argument(
        "--credentials",
        metavar="FILE",
        type=typed("a file of credentials", credentials_file),
        action="append",
        help='JSON file with project-level credentials, {"162": {"client_id": ..., '
        '"client_secret": ..., "integration_id": ...}}, the last one optional; '
        "repeatable",
    )
    group.add_argument(
        "--integration-id",
        dest="sign_in.integration_ids",
        metavar="ID",
        action="append",
        help="integration that the account-level credentials cover; repeatable (any)",
    )


def _add_sign_in(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--require-integration-id",
        dest="sign_in.integration_id_required",
        action="store_true",
        help="refuse token requests without integration_id",
    )
    group.add_argument(
        "--endpoint-with-path",
        dest="sign_in.endpoint_with_path",
        action="store_true",
        help="let endpoint end in /v1/enrichments",
    )
    group.add_argument(
        "--expires-in",
        dest="sign_in.expires_in",
        choices=["number", "text", "missing"],
        help="how the answer tells the token's seconds (number)",
    )
    group.add_argument(
        "--no-project-id",
        dest="sign_in.project_id_in_answer",
        action="store_false",
        help="leave project_id out of the answer",
    )
    group.add_argument(
        "--token-errors",
        dest="sign_in.error_format",
        choices=["message", "errorMessage", "error"],
        help="the keys of an error (message)",
    )
    group.add_argument(
        "--wrong-credentials-status",
        dest="sign_in.wrong_credentials",
        type=int,
        choices=[401, 500],
        help="what wrong credentials are answered (401)",
    )
    group.add_argument(
        "--token-seconds", type=float, help="how long a token lasts (3600)"
    )
    group.add_argument(
        "--token-refused-seconds",
        dest="sign_in.token_refused_seconds",
        type=float,
        help="how long a new token is refused (0)",
    )


def _add_schemas(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--integration-schema",
        dest="integration_schemas",
        metavar="[VERSION=]FILE",
        type=typed("a registered schema", registered_schema),
        action="append",
        help="JSON file with the schema registered as this integration version (1); "
        "repeatable",
    )
    group.add_argument(
        "--integration-version",
        dest="integration_versions",
        metavar="VERSION",
        type=int,
        action="append",
        help="a version that is known without a schema; repeatable (1, where there is "
        "no schema)",
    )


def _add_answers(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--success-status",
        dest="answers.success",
        type=int,
        choices=[200, 201, 202, 204],
        help="what a stored batch is answered (200)",
    )
    group.add_argument(
        "--success-body",
        dest="answers.success_body",
        metavar="TEXT",
        help="text after a success (none)",
    )
    group.add_argument(
        "--refusal-status",
        dest="answers.refusal",
        type=int,
        choices=[400, 413, 422],
        help="what a batch that does not match is answered (400)",
    )
    group.add_argument(
        "--refusal-key",
        dest="answers.refusal_key",
        choices=["message", "errorMessage", "error"],
        help="the key of the sentence that says so (message)",
    )
    group.add_argument(
        "--refuse-user",
        dest="refused_users",
        metavar="USER_ID",
        action="append",
        help="refuse batches that contain this user; repeatable",
    )
    group.add_argument(
        "--block-user",
        dest="blocked_users",
        metavar="USER_ID",
        action="append",
        help="answer 403, as a firewall does, to batches that contain this user; "
        "repeatable",
    )


def _add_limits(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--rate",
        dest="limits.rate",
        metavar="PER_SECOND",
        type=float,
        help="requests a second; more are answered 429 (any number)",
    )
    group.add_argument(
        "--burst",
        dest="limits.burst",
        metavar="REQUESTS",
        type=int,
        help="requests that may come at once after a pause (1)",
    )
    group.add_argument(
        "--max-in-flight",
        dest="limits.in_flight",
        metavar="REQUESTS",
        type=int,
        help="requests at once; more are answered 429 (any number)",
    )
    group.add_argument(
        "--no-retry-after",
        dest="limits.retry_after",
        action="store_false",
        help="leave Retry-After out of a 429",
    )


def _add_faults(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--latency-ms", type=float, help="how long every batch takes (0)"
    )
    group.add_argument(
        "--fault",
        dest="faults",
        metavar="NAME=VALUE,...",
        type=typed("a fault", fault_from_text),
        action="append",
        help="something to go wrong, as status=503,count=3,retry_after=1 or "
        "drop=after,after=2 or on=token,status=429; other names: body, location, "
        "delay_ms, probability; count=always has no end; repeatable",
    )
    group.add_argument(
        "--seed", type=int, help="of the random numbers behind probability"
    )

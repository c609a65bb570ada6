"""Serving until a signal ends it."""

import asyncio
import signal
import sys

from target_contentsquare.sandbox.command.command_line import Command
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.server import listening

# The address to connect to, where the sandbox listens on all addresses.
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked for


def serve(command: Command) -> int:
    """Serve until SIGTERM or SIGINT; return the process's exit code.

    Prints one line on stdout once it listens: the page, the `auth_url` to configure,
    and credentials.
    """
    try:
        asyncio.run(_serve(command))
    except OSError as error:
        sys.stderr.write(_cannot_listen(command, error))
        return 1
    return 0


async def _serve(command: Command) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    contentsquare = Contentsquare(command.options)
    async with listening(contentsquare, command.host, command.port) as port:
        sys.stdout.write(_greeting(contentsquare, command.host, port))
        sys.stdout.flush()
        await stop.wait()


def _greeting(contentsquare: Contentsquare, host: str, port: int) -> str:
    options = contentsquare.options
    host = _ANY_ADDRESS.get(host, host)
    # An IPv6 address stands in brackets in a URL.
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    projects = ", ".join(str(project) for project in options.projects)
    seed = f"; seed: {options.seed}" if contentsquare.faults.uses_probability else ""
    return (
        f"Contentsquare sandbox on {url} (open it in a browser); "
        f"auth_url: {url}/v1/oauth/token; client_id: {options.client_id}; "
        f"client_secret: {options.client_secret}; projects: {projects}{seed}\n"
    )


def _cannot_listen(command: Command, error: OSError) -> str:
    reason = error.strerror or str(error)
    return (
        f"Can't listen on {command.host}:{command.port}: {reason}. "
        "Choose another --port, or 0 for a free one.\n"
    )

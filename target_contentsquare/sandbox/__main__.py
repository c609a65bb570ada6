"""The command `target-contentsquare-sandbox`."""

import sys
from importlib import import_module
from importlib.util import find_spec


def main() -> None:
    """Run the sandbox and exit: 0 after a signal, 1 when it can't start."""
    if not all(find_spec(needed) for needed in ("aiohttp", "jinja2")):
        sys.exit(
            "The sandbox needs aiohttp and jinja2: "
            "install target-contentsquare[sandbox]"
        )
    # Imported here, since they import aiohttp and jinja2.
    command = import_module(
        "target_contentsquare.sandbox.command.command_line"
    ).read_command()
    sys.exit(
        import_module("target_contentsquare.sandbox.command.serving").serve(command)
    )


if __name__ == "__main__":
    main()

"""`python -m target_contentsquare`, and the console script."""

from __future__ import annotations

from target_contentsquare.target import TargetContentsquare


def main() -> None:
    """Run the command line."""
    TargetContentsquare.cli()


if __name__ == "__main__":
    main()

"""Print the medians of the table: `python -m tests.delivery.rate`."""

import sys

from tests.delivery.rate.table import FURTHER_ROWS, ROWS, Row, medians


def line(row: Row) -> str:
    """Return a row of the table."""
    got = medians(row)
    refused = f"{got.refused:.1%}" + (
        f" (≤ {row.refused:.0%})" if row.refused < 1 else ""
    )
    return (
        f"| {row.name} | {row.batches} | {row.max_in_flight} | {got.seconds:.1f} "
        f"| {got.time:.2f} (≤ {row.time:.2f}) | {refused} | {got.in_flight:.1f} "
        f"| {got.longest_wait:.1f} |"
    )


def main() -> None:
    """Print it."""
    sys.stdout.write(
        "| server | batches | in flight at most | seconds | times ideal | refused "
        "| mean in flight | longest wait / mean |\n|---|" + 7 * "---:|" + "\n"
    )
    for row in (*ROWS, *FURTHER_ROWS):
        sys.stdout.write(f"{line(row)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

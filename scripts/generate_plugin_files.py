"""Writes what is generated from the settings, so that no two places can disagree.

`make generate` runs it; a test fails when it would change anything.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scripts import plugin_files
from scripts.about import read_about

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.about import About

ROOT = Path(__file__).resolve().parent.parent


def generate(root: Path, about: About) -> Mapping[Path, str]:
    """Return every file as it should be, by its path.

    Args:
        root: Folder of the project: what people wrote in the files is kept.
    """
    tables = {
        "settings": plugin_files.settings_table(about),
        "mapping": plugin_files.mapping_table(about),
    }
    meltano = (root / "meltano.yml").read_text("utf-8")
    meltano = _replace(
        meltano, "# generated: settings", plugin_files.meltano_block(about), "# end"
    )
    hub = root / "meltano-hub" / "loaders" / f"{about.name}.yml"
    return {
        **_pages(root, tables),
        root / "meltano.yml": meltano,
        root / ".env.example": plugin_files.env_example(about),
        hub: plugin_files.hub_definition(about),
    }


def _pages(root: Path, tables: Mapping[str, str]) -> Mapping[Path, str]:
    """Return the pages that hold a table, each table being somewhere."""
    pages = {}
    missing = set(tables)
    for path in (root / "README.md", *sorted(root.glob("docs/*.md"))):
        text = path.read_text("utf-8")
        for name in re.findall(r"^<!-- generated: (.*) -->$", text, re.MULTILINE):
            start = f"<!-- generated: {name} -->"
            text = _replace(text, start, tables[name], "<!-- end -->")
            missing.discard(name)
            pages[path] = text
    if missing:
        message = f"no page has the tables {sorted(missing)}"
        raise ValueError(message)
    return pages


def _replace(text: str, start: str, new: str, end: str) -> str:
    """Put `new` between two marked lines, which stay."""
    pattern = rf"(^ *{re.escape(start)}\n).*?(^ *{re.escape(end)}$)"
    changed, count = re.subn(
        pattern, lambda m: f"{m[1]}{new}{m[2]}", text, flags=re.DOTALL | re.MULTILINE
    )
    if count != 1:
        message = f"there must be one '{start}' … '{end}', not {count}"
        raise ValueError(message)
    return changed


def main() -> None:
    """Write the files that are not as they should be."""
    for path, text in generate(ROOT, read_about()).items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            click.echo(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

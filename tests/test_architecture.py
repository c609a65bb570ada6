"""The house's rules: who may import whom, and what a file never does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "target_contentsquare"
SANDBOX = sorted((PACKAGE / "sandbox").rglob("*.py"))
FILES = sorted(set(PACKAGE.rglob("*.py")) - set(SANDBOX))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """The full names of modules, and of what may be a module, that a file imports."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative imports hide their tier"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_nothing_imports_the_sandbox() -> None:
    for path in FILES:
        assert not [
            n for n in imported(path) if n.startswith(f"{PACKAGE.name}.sandbox")
        ]


@pytest.mark.parametrize("path", SANDBOX, ids=lambda path: path.stem)
def test_the_sandbox_imports_nothing_of_the_rest(path: Path) -> None:
    of_package = {n for n in imported(path) if n.split(".")[0] == PACKAGE.name}
    assert all(name.startswith(f"{PACKAGE.name}.sandbox") for name in of_package)
    assert "singer_sdk" not in {name.split(".")[0] for name in imported(path)}


def attributes(path: Path) -> set[str]:
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_one_file_writes_to_standard_output(path: Path) -> None:
    names = {node.id for node in ast.walk(tree_of(path)) if isinstance(node, ast.Name)}
    assert "print" not in names
    assert path.stem == "stdout" or "sys.stdout" not in attributes(path)
    # What the options of the command print instead of running.
    assert "click.echo" not in attributes(path) or path.stem in {
        "connection_check",
        "target",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nobody_sleeps_without_being_wakeable(path: Path) -> None:
    assert "time.sleep" not in attributes(path)


@pytest.mark.parametrize("path", [*FILES, *SANDBOX], ids=lambda path: path.stem)
def test_no_mutable_state_at_module_level(path: Path) -> None:
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            names = ast.unparse(node).split("=")[0]
            is_empty = isinstance(node.value, ast.Dict | ast.List | ast.Set) and (
                not getattr(node.value, "elts", None)
                and not getattr(node.value, "keys", None)
            )
            assert not is_empty, f"{path.name}: {names} is there to be filled"


@pytest.mark.parametrize("path", [*FILES, *SANDBOX], ids=lambda path: path.stem)
def test_house_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)
    assert path.stem not in {"utils", "helpers", "common", "constants"}
    for line in text.splitlines():
        if "# noqa" in line:
            assert re.search(r"# noqa: [A-Z0-9, ]+ - [\w`]", line), line
        if "type: ignore" in line:
            assert re.search(r"type: ignore\[[a-z-]+", line), line

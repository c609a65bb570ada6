"""The house's rules: who may import whom, and what a file never does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "target_contentsquare"
FILES = sorted(PACKAGE.glob("*.py"))
SANDBOX = sorted((PACKAGE / "sandbox").glob("*.py"))

#: A file imports only from tiers before its own; a new file gets its place here.
TIERS = (
    {"__init__", "errors", "enrichment", "checkpoint", "moments", "wakeup"},
    {"fields", "session_age", "retry", "summary", "reader", "http_errors"},
    {"request_threads"},
    {"origin", "error_lines", "stdout", "batch_files", "environment", "rejects"},
    {"integration_schema", "identity", "property_types", "auth"},
    {"stream_mapping"},
    {"field_choice"},
    {"row_function"},
    {"mapping", "config_schema"},
    {"settings", "api"},
    {"config_check", "delivery", "connection", "proposal"},
    {"outbox"},
    {"sink"},
    {"intake"},
    {"target"},
    {"__main__"},
)

_HTTP = {"requests", "urllib3", "http", "socket", "aiohttp"}
#: What a file never imports, ours by their names in the package.
NEVER = {
    "errors": {"logging"},
    "enrichment": {"singer_sdk"} | _HTTP,
    "checkpoint": {"threading", "sys", "logging", "concurrent", "singer_sdk"} | _HTTP,
    "fields": {"singer_sdk", "settings", "stream_mapping"} | _HTTP,
    "session_age": {"time"},
    "retry": {"requests", "time", "enrichment"},
    "rejects": {"fields", "mapping"} | _HTTP,
    "mapping": {"settings", "config_schema", "time"} | _HTTP,
    "settings": _HTTP,
    "auth": {"logging", "time"},
    "api": {"time", "logging", "delivery"},
    "delivery": {"json", "msgspec", "sys", "threading", "time", "click"} | _HTTP,
    "outbox": {"json", "sys", "threading", "time", "click"} | _HTTP,
    "sink": {"retry", "api", "auth", "delivery"} | _HTTP,
    "target": {"mapping", "api", "auth"} | _HTTP,
}


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


def ours(path: Path) -> set[str]:
    """Files of the package that a file imports, without their ending."""
    known = {file.stem for file in FILES} | {"sandbox"}
    parts = (name.split(".") for name in imported(path))
    found = {part[1] for part in parts if part[0] == PACKAGE.name and len(part) > 1}
    return found & known


def tier_of(name: str) -> int:
    (tier,) = [number for number, names in enumerate(TIERS) if name in names]
    return tier


def test_every_file_has_its_tier() -> None:
    named = [name for names in TIERS for name in names]
    assert sorted(named) == sorted(path.stem for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_imports_only_from_tiers_before_its_own(path: Path) -> None:
    too_high = {one for one in ours(path) if tier_of(one) >= tier_of(path.stem)}
    assert not too_high


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_never_imports_what_is_not_its_business(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(path)}
    assert not (tops | ours(path)) & NEVER.get(path.stem, set())


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
    assert "click.echo" not in attributes(path) or path.stem in {"connection", "target"}


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

"""Rules for every file of the package that neither ruff nor import-linter checks.

Which folder may import which is in `[tool.importlinter]` of `pyproject.toml`.
"""

import ast
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "target_contentsquare"
NOT_CORE = {"singer", "spark", "sandbox", "__main__"}
LIBRARIES_OF_HOSTS = ("singer_sdk", "click", "pyspark")

SANDBOX = sorted((PACKAGE / "sandbox").rglob("*.py"))
FILES = sorted(set(PACKAGE.rglob("*.py")) - set(SANDBOX))
#: Python files of one folder, at most, besides `__init__.py`.
LARGEST_FOLDER = 12
#: Files that print what an option asks for in place of a run.
FILES_OF_OPTIONS = {"connection_check", "find", "propose", "target"}


#: Prints the error of each module, named on the command line, that can't be imported.
IMPORT_WITHOUT_LIBRARIES = f"""
import importlib, sys
sys.modules.update(dict.fromkeys({LIBRARIES_OF_HOSTS}))
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error, sep=": ")
"""


def core_modules(folder: Path, package: str) -> Iterator[str]:
    """Yield the full names of the modules in a folder that are not a host's."""
    for module in pkgutil.iter_modules([str(folder)]):
        if module.name not in NOT_CORE:
            name = f"{package}.{module.name}"
            yield name
            yield from core_modules(folder / module.name, name)


def test_the_core_is_imported_without_the_libraries_of_its_hosts() -> None:
    modules = list(core_modules(PACKAGE, PACKAGE.name))
    assert f"{PACKAGE.name}.mapping.fields" in modules
    done = subprocess.run(  # noqa: S603 - this Python, and modules of the package
        [sys.executable, "-c", IMPORT_WITHOUT_LIBRARIES, *modules],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def attributes(path: Path) -> set[str]:
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_stdout_py_writes_to_standard_output_during_a_run(path: Path) -> None:
    names = {node.id for node in ast.walk(tree_of(path)) if isinstance(node, ast.Name)}
    assert "print" not in names
    assert path.stem == "stdout" or "sys.stdout" not in attributes(path)
    assert "click.echo" not in attributes(path) or path.stem in FILES_OF_OPTIONS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_sleeps_where_a_signal_could_not_wake_it(path: Path) -> None:
    assert "time.sleep" not in attributes(path)


@pytest.mark.parametrize("path", [*FILES, *SANDBOX], ids=lambda path: path.stem)
def test_no_module_has_an_empty_collection_to_be_filled(path: Path) -> None:
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            is_empty = isinstance(node.value, ast.Dict | ast.List | ast.Set) and (
                not getattr(node.value, "elts", None)
                and not getattr(node.value, "keys", None)
            )
            assert not is_empty, f"{path.name}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", [*FILES, *SANDBOX], ids=lambda path: path.stem)
def test_file_names_say_something_and_exceptions_to_rules_give_a_reason(
    path: Path,
) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)
    assert path.stem not in {"utils", "helpers", "common", "constants"}
    for line in text.splitlines():
        if "# noqa" in line:
            assert re.search(r"# noqa: [A-Z0-9, ]+ - [\w`]", line), line
        if "type: ignore" in line:
            assert re.search(r"type: ignore\[[a-z-]+", line), line


def test_no_folder_has_more_files_than_one_takes_in_at_once() -> None:
    for folder in {path.parent for path in [*FILES, *SANDBOX]}:
        files = [path for path in folder.glob("*.py") if path.stem != "__init__"]
        assert len(files) <= LARGEST_FOLDER, folder

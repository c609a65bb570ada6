"""`contentsquare-spark`, the distribution of this host."""

import subprocess
import sys
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="came with Python 3.11")

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "target_contentsquare"
#: What only the Singer target and its users need.
LEFT_OUT = {"singer", "sandbox", "__main__.py", "__pycache__"}
IMPORT_ALONE = """
import sys
sys.modules.update(dict.fromkeys(["singer_sdk", "click", "dotenv", "pyspark"]))
import target_contentsquare.spark
"""


def test_the_wheel_has_all_but_the_singer_target_and_the_sandbox() -> None:
    project = ROOT / "packaging" / "spark"
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    sources = {(project / path).resolve() for path in wheel["force-include"]}
    there = {path for path in PACKAGE.iterdir() if path.name not in LEFT_OUT}
    assert sources == {*there, ROOT / "pyspark_contentsquare.py"}


def test_it_works_without_the_singer_sdk_and_before_spark_is_imported() -> None:
    subprocess.run([sys.executable, "-c", IMPORT_ALONE], check=True)  # noqa: S603 - ours


def test_no_dependency_replaces_the_spark_of_a_cluster() -> None:
    for path in (ROOT, ROOT / "packaging" / "spark"):
        project = tomllib.loads((path / "pyproject.toml").read_text())["project"]
        extras = project.get("optional-dependencies", {}).values()
        wanted = [*project["dependencies"], *(name for e in extras for name in e)]
        assert not [name for name in wanted if name.startswith("pyspark")]

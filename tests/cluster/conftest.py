from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.cluster.driver import ROOT, Driver
from tests.conftest import config_for

#: With Python data sources, and without.
WITH_FORMAT = ("newest", "4-0")
ALL = (*WITH_FORMAT, "3-5")


@pytest.fixture
def driver(sandbox: Sandbox, tmp_path: Path) -> Callable[[str], Driver]:
    """Return a function that gives a driver for a version of Spark."""
    settings: dict[str, Any] = config_for(sandbox)
    del settings["streams"]

    def driver(version: str) -> Driver:
        if not (ROOT / f".venv-spark-{version}" / "bin" / "python").exists():
            pytest.fail("there is no Spark: run these tests with `make spark`")
        return Driver(version, settings, tmp_path)

    return driver

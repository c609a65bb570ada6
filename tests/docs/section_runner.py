"""Runs the blocks of a page's section in the order that a reader follows them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import requests

from target_contentsquare.sandbox import Sandbox
from tests.cluster.driver import Cluster, has_spark
from tests.docs.pages import ROOT, Block, Section, as_of_today

#: The address in the pages, which is replaced by that of the section's sandbox.
_WRITTEN_ADDRESS = "127.0.0.1:8750"
_SCRIPTS = Path(sys.executable).parent
_TAP_SCRIPTS = ROOT / ".venv-tap" / "bin"


class SectionRunner:
    """Runs the blocks of a section.

    Args:
        folder: Where its files are written and its commands run.
        cleanup: Ends the sandbox of the section.
        environment: Variables of its commands, instead of those that they have by
            default. `PATH` goes before the rest of the path.
        timeout: Seconds that the commands of a block may take.
    """

    def __init__(
        self,
        section: Section,
        folder: Path,
        cleanup: ExitStack,
        *,
        environment: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> None:
        self._given_environment = environment or {}
        self._timeout = timeout
        self._section = section
        self._folder = folder
        self._cleanup = cleanup
        self._url = ""
        self._printed = ""
        self._cluster: Cluster | None = None

    def assert_blocks_work(self) -> None:
        """Run all blocks.

        Raises:
            AssertionError: A block does not do what the page says.
        """
        for block in self._section.blocks:
            getattr(self, f"_{block.marker.replace(' ', '_')}")(block)

    def _file(self, block: Block) -> None:
        path = self._folder / block.argument
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._as_here(block.text), encoding="utf-8")

    def _run(self, block: Block) -> None:
        # The pages are this project's own.
        done = subprocess.run(  # noqa: S603
            ["/bin/bash", "-euo", "pipefail", "-c", self._as_here(block.text)],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=self._timeout,
            check=False,
        )
        self._printed = done.stdout.decode()
        expected = int(block.argument.removeprefix("exit ") or 0)
        assert done.returncode == expected, f"line {block.line}: {self._printed}"

    def _spark(self, block: Block) -> None:
        job = {
            "script": self._as_here(block.text),
            "settings": {},
            "folder": str(self._folder),
        }
        self._printed = self._spark_session().run(job)

    def _spark_session(self) -> Cluster:
        """Return the section's session; the first call starts it, in its folder."""
        if self._cluster is None:
            if not has_spark("newest"):
                pytest.skip("there is no Spark: `make spark` installs it")
            self._cluster = Cluster("newest", self._folder)
            self._cleanup.callback(self._cluster.close)
        return self._cluster

    def _prints(self, block: Block) -> None:
        rest = _normal(self._printed)
        for line in _normal(self._as_here(block.text)).splitlines():
            if line.strip() == "…":
                continue
            _, found, rest = rest.partition(line.strip())
            assert found, f"line {block.line}: no '{line}' in:\n{self._printed}"

    def _serve(self, block: Block) -> None:
        command = block.text.split()
        script = str(_SCRIPTS / command[0])
        # The pages are this project's own.
        process = subprocess.Popen(  # noqa: S603
            [script, *command[1:], "--port", "0"],
            cwd=self._folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        self._cleanup.callback(process.wait)
        self._cleanup.callback(process.terminate)
        assert process.stdout is not None
        self._cleanup.enter_context(process.stdout)
        self._printed = process.stdout.readline()
        (self._url,) = re.findall(r"on (http://\S+)", self._printed)
        for file in (b for b in self._section.blocks if b.marker == "file"):
            if (self._folder / file.argument).exists():
                self._file(file)  # again, with the address of the sandbox

    def _received(self, block: Block) -> None:
        answer = requests.get(f"{self._sandbox()}/_sandbox/state", timeout=5).json()
        received = [_without_version(held) for held in answer["enrichments"]]
        expected = json.loads(self._as_here(block.text))
        assert _sorted(received) == _sorted(expected), f"line {block.line}"

    def _not_run(self, block: Block) -> None:
        assert block.argument, f"line {block.line}: the reason is missing"

    def _as_here(self, text: str) -> str:
        address = self._sandbox().removeprefix("http://")
        return as_of_today(text).replace(_WRITTEN_ADDRESS, address)

    def _sandbox(self) -> str:
        """Return the sandbox's address; the first call starts the sandbox."""
        if not self._url and not any(b.marker == "serve" for b in self._section.blocks):
            sandbox = Sandbox(
                integration_schemas=dict(self._schemas()),
                integration_versions=None if self._schemas() else [1, 2, 3],
            )
            self._url = self._cleanup.enter_context(sandbox).url
        return self._url or f"http://{_WRITTEN_ADDRESS}"

    def _schemas(self) -> dict[int, Any]:
        """Return the integration schemas among the files of the section, by version."""
        found = {}
        for block in self._section.blocks:
            name = re.fullmatch(r"integration-schema(?:-(\d+))?\.json", block.argument)
            if block.marker == "file" and name:
                found[int(name[1] or 1)] = json.loads(block.text)
        return found

    def _environment(self) -> dict[str, str]:
        given = self._given_environment
        # Without the developer's settings, and without a proxy.
        environment = {
            "PATH": f"{_SCRIPTS}:{_TAP_SCRIPTS}:{os.environ['PATH']}",
            "HOME": str(self._folder),
            "PYTHONPATH": str(ROOT),
        }
        if any("--config ENV" in block.text for block in self._section.blocks):
            environment |= self._settings()
        path = os.pathsep.join(filter(None, (given.get("PATH"), environment["PATH"])))
        return {**environment, **given, "PATH": path}

    def _settings(self) -> dict[str, str]:
        return {
            "TARGET_CONTENTSQUARE_CLIENT_ID": "sandbox",
            "TARGET_CONTENTSQUARE_CLIENT_SECRET": "sandbox-secret",
            "TARGET_CONTENTSQUARE_PROJECT_ID": "162",
            "TARGET_CONTENTSQUARE_AUTH_URL": f"{self._sandbox()}/v1/oauth/token",
        }


def _normal(text: str) -> str:
    """Return the text without times and spacing, which differ from run to run."""
    text = re.sub(r"^[-\d]+ [\d:,]+ +\| ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\d+\.\d+ s\b", "0.1 s", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", text)
    return re.sub(r"[ \t]+", " ", text)


def _sorted(enrichments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("projectId", "userId", "sessionNumber", "enrichmentNumber")
    return sorted(enrichments, key=itemgetter(*names))


def _without_version(enrichment: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in enrichment.items() if k != "integrationVersion"}

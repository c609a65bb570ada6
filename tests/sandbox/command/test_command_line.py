import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from target_contentsquare.sandbox import Answers, Limits, SignIn
from target_contentsquare.sandbox.command.command_line import read_command
from target_contentsquare.sandbox.command.parser import command_parser

COMMAND = [sys.executable, "-m", "target_contentsquare.sandbox"]


@dataclass(frozen=True)
class Running:
    process: "subprocess.Popen[str]"
    greeting: str

    @property
    def url(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", self.greeting)
        assert found
        return found[0]

    def totals(self) -> dict[str, int]:
        state = requests.get(f"{self.url}/_sandbox/state", timeout=5).json()
        totals: dict[str, int] = state["totals"]
        return totals

    def token(self, project: int = 162) -> requests.Response:
        fields = {
            "client_id": "sandbox",
            "client_secret": "sandbox-secret",
            "grant_type": "client_credentials",
            "scope": "enrichment",
            "project_id": project,
        }
        return requests.post(f"{self.url}/v1/oauth/token", json=fields, timeout=5)

    def send(self, fields: dict[str, object], version: int = 1) -> int:
        row = {"userId": "a", "sessionNumber": 1, "enrichment": fields}
        body = {"integrationVersion": version, "projectId": 162, "enrichments": [row]}
        headers = {"Authorization": f"Bearer {self.token().json()['access_token']}"}
        url = f"{self.url}/v1/enrichments"
        return requests.post(url, json=body, headers=headers, timeout=5).status_code


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    # The command is this test's own.
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    command = [*COMMAND, "--port", "0", *arguments]
    pipe = subprocess.PIPE
    # The command is this test's own.
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603
        assert process.stdout
        try:
            yield Running(process, process.stdout.readline())
        finally:
            process.kill()


def test_it_says_where_it_is_and_what_to_configure() -> None:
    with running() as sandbox:
        assert f"auth_url: {sandbox.url}/v1/oauth/token" in sandbox.greeting
        assert "client_id: sandbox; client_secret: sandbox-secret" in sandbox.greeting
        assert "seed" not in sandbox.greeting
        assert sandbox.token().status_code == 200
        assert sandbox.send({"a": 1}) == 200


def test_on_all_addresses_it_says_one_that_the_target_takes() -> None:
    with running("--host=0.0.0.0") as sandbox:
        assert f"auth_url: {sandbox.url}/v1/oauth/token" in sandbox.greeting
        assert sandbox.token().status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_it_has_said_nothing_else(number: int) -> None:
    with running() as sandbox:
        sandbox.send({"a": 1})
        sandbox.send({"a": None})
        sandbox.process.send_signal(number)
        stdout, stderr = sandbox.process.communicate(timeout=5)

    assert (sandbox.process.returncode, stdout, stderr) == (0, "", "")


def test_a_signal_does_not_wait_for_slow_requests() -> None:
    with running("--latency-ms=60000") as sandbox, ThreadPoolExecutor(1) as threads:
        slow = threads.submit(sandbox.send, {"a": 1})
        while not sandbox.totals()["max_in_flight"]:
            assert not slow.done()
        sandbox.process.terminate()
        stdout, stderr = sandbox.process.communicate(timeout=5)

        assert isinstance(slow.exception(), requests.ConnectionError)
    assert (sandbox.process.returncode, stdout, stderr) == (0, "", "")


def test_a_port_in_use_is_one_line_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run([*COMMAND, "--port", port])

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert f"Can't listen on 127.0.0.1:{port}" in done.stderr


def test_without_aiohttp_it_says_what_to_install() -> None:
    code = """
import importlib.util, sys
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "aiohttp" else find_spec(name)
sys.modules["aiohttp"] = None  # importing it is an ImportError
from target_contentsquare.sandbox.__main__ import main
main()
"""

    done = run([sys.executable, "-c", code])

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "The sandbox needs aiohttp and jinja2: install target-contentsquare[sandbox]\n"
    )


def test_faults_schemas_and_the_seed_come_from_the_options(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    field = {"name": "score", "type": "INT", "optional": False}
    schema.write_text(json.dumps({"fields": [field]}))

    with running(
        f"--integration-schema=2={schema}",
        "--fault=status=503,probability=1,after=2",
        "--seed=42",
    ) as sandbox:
        assert "seed: 42" in sandbox.greeting
        assert sandbox.send({"score": 1}, version=2) == 200
        assert sandbox.send({"score": "1"}, version=2) == 400
        assert sandbox.send({"score": 1}, version=2) == 503
        assert sandbox.send({"score": 1}, version=1) == 400


def test_lists_replace_what_is_taken_for_granted() -> None:
    options = read_command(
        ["--project=7", "--project=8", "--project-credentials=me:hush:7"]
    ).options

    assert options.projects == (7, 8)
    assert [known.client_id for known in options.credentials] == ["sandbox", "me"]


def test_further_versions_come_on_top_of_1_without_a_schema() -> None:
    assert read_command([]).options.versions == {1}
    assert read_command(["--integration-version=4"]).options.versions == {1, 4}


def test_with_a_schema_only_its_version_and_those_named_are_known(
    tmp_path: Path,
) -> None:
    schema = tmp_path / "a=b.json"
    schema.write_text('{"fields": []}')
    given = [f"--integration-schema=3={schema}"]

    assert read_command(given).options.versions == {3}
    assert read_command([*given, "--integration-version=4"]).options.versions == {3, 4}
    assert read_command([f"--integration-schema={schema}"]).options.versions == {1}


def test_a_fault_may_hold_commas_where_no_name_follows() -> None:
    date = "Wed, 21 Oct 2026 07:28:00 GMT"

    options = read_command(
        [
            f"--fault=status=429,retry_after={date},count=always",
            "--fault=on=token,status=200,body=a,b=c,after=1",
            "--fault=drop=after,delay_ms=2.5",
        ]
    ).options

    dated, token, cut = options.faults
    assert (dated.retry_after, dated.count) == (date, None)
    assert (token.body, token.after, token.on) == ("a,b=c", 1, "token")
    assert (cut.drop, cut.delay_ms) == ("after", 2.5)


def test_limits_answers_and_signing_in_come_from_the_options(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials.json"
    own = {"client_id": "a", "client_secret": "b", "integration_id": 70}
    credentials.write_text(json.dumps({"7": own}))

    options = read_command(
        [
            *("--rate=5", "--burst=3", "--max-in-flight=10", "--no-retry-after"),
            *("--success-status=202", "--refusal-status=422", "--refusal-key=error"),
            *("--integration-id=7", "--integration-id=8", "--require-integration-id"),
            *("--endpoint-with-path", "--expires-in=text", "--no-project-id"),
            *("--token-errors=error", "--wrong-credentials-status=500"),
            *("--token-refused-seconds=2", f"--credentials={credentials}"),
            *("--refuse-user=u", "--block-user=v", "--keep=100"),
        ]
    ).options

    assert options.limits == Limits(rate=5, burst=3, in_flight=10, retry_after=False)
    assert options.answers == Answers(success=202, refusal=422, refusal_key="error")
    assert options.sign_in == SignIn(
        integration_ids=frozenset({"7", "8"}),
        integration_id_required=True,
        endpoint_with_path=True,
        expires_in="text",
        project_id_in_answer=False,
        error_format="error",
        wrong_credentials=500,
        token_refused_seconds=2,
    )
    _, of_project = options.credentials
    assert of_project.projects == {7}
    assert of_project.integration_ids == {"70"}
    assert options.refused_users == {"u"}
    assert options.blocked_users == {"v"}
    assert options.keep == 100


def test_every_option_is_explained_in_the_docs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text("utf-8")
    options = re.findall(r"--[a-z-]+", command_parser().format_help())

    assert {o for o in options if f"`{o}" not in page} == {"--help"}


def test_the_rate_limit_of_the_command_is_kept() -> None:
    with running("--rate=0.001", "--burst=2") as sandbox:
        assert [sandbox.send({"a": 1}) for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (["--port=70000"], "out of range"),
        (["--rate=0"], "rate: more than 0"),
        (["--success-status=204", "--success-body=x"], "204 has no body"),
        (["--success-status=203"], "invalid choice"),
        (["--credentials=/dev/null"], "a file of credentials"),
        (["--port=http"], "a port"),
        (["--fault=status"], "name=value"),
        (["--fault=state=503"], "unknown name 'state'"),
        (["--fault=status=no"], "status can't be 'no'"),
        (["--fault=after=1"], "does nothing"),
        (["--project-credentials=a:b"], "ID:SECRET:PROJECT"),
        (["--integration-schema=nowhere.json"], "No such file"),
        (["--integration-schema=2=/dev/null"], "a registered schema"),
        (["--project"], "expected one argument"),
    ],
)
def test_a_wrong_option_is_explained(
    arguments: list[str], about: str, capsys: pytest.CaptureFixture[str]
) -> None:
    read: Callable[[list[str]], object] = read_command
    with pytest.raises(SystemExit):
        read(arguments)

    assert about in capsys.readouterr().err

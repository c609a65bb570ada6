"""The files that `--config` names."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.options.config_file import read_config_file
from tests.conftest import config_for
from tests.runs import run_command
from tests.singer_input import call, stream_of


def refusal(path: str) -> str:
    with pytest.raises(ConfigError) as refused:
        read_config_file(path)
    return str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_saved_with_a_byte_order_mark_or_in_utf_16(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "config.json"
    path.write_bytes('{"client_id": "é"}'.encode(encoding))
    assert read_config_file(str(path)) == {"client_id": "é"}


@pytest.mark.parametrize(
    "text", ['{"client_secret": "s3cret"}', ' {"client_secret": "s3cret', '["s3cret"]']
)
def test_a_config_in_place_of_its_path_is_not_repeated(text: str) -> None:
    assert "s3cret" not in refusal(text)
    assert "path" in refusal(text)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not valid JSON, see line 1, column 2"),
        (b"", "not valid JSON, see line 1, column 1"),
        (b"\n[1]", "not a JSON object"),
        (b'{"client_id": "\xe9"}', "not UTF-8: save it in that encoding"),
        (b"[" * 100_000, "not a JSON object"),
        (b'{"project_id": ' + b"9" * 5000 + b"}", "not a JSON object"),
    ],
)
def test_a_file_without_a_config_is_named_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    assert refusal(str(path)) == f"--config '{path}': {reason}"


@pytest.mark.parametrize("path", [".", "", "missing.json", "x" * 5000])
def test_a_path_without_a_file(path: str) -> None:
    assert re.match(r"--config '.*': can't be read: \w+", refusal(path))


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}]
)
def test_paths_need_no_locale(
    sandbox: Sandbox, tmp_path: Path, locale: dict[str, str]
) -> None:
    (tmp_path / "schéma.json").write_text(json.dumps({"fields": [_FIELD]}))
    config = config_for(
        sandbox, integration_schema="schéma.json", rejected_path="refusés.singer"
    )
    (tmp_path / "réglages.json").write_text(json.dumps(config))
    lines = stream_of([call("a"), call("b", call_duration="long")])
    done = run_command(["--config", "réglages.json"], lines, locale, tmp_path)
    assert done.exit_code == 0, done.printed
    assert len(sandbox.enrichments) == 1
    assert (tmp_path / "refusés.singer").exists()


_FIELD: dict[str, Any] = {"name": "call_duration", "type": "INT"}

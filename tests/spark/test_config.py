import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.spark.config import read_config, read_options

SECRETS = {"client_id": "id", "client_secret": "hush"}


def test_keys_of_a_mapping_are_settings_at_the_top() -> None:
    config = read_config(
        {**SECRETS, "project_id": "project", "user_id": "uid", "fields": {"f": "c"}}
    )
    assert config.stream == "rows"
    assert config.mapping.user_id == "uid"
    assert config.mapping.project_id == "project"
    assert config.mapping.fields == {"f": "c"}


def test_options_are_text_and_fields_are_json() -> None:
    config = read_options(
        {
            **SECRETS,
            "fields": '{"has_called": "answered"}',
            "project_id": "162",
            "enrichment_number": "2",
            "truncate_strings": "true",
            "max_requests_per_second": "2.5",
            "rejected_path": "s3://bucket/rejected.singer",
        },
        max_parallel_requests=2,
    )
    assert config.mapping.fields == {"has_called": "answered"}
    assert config.mapping.project_id == 162
    assert config.mapping.enrichment_number == 2
    assert config.mapping.truncate_strings
    assert config.settings.max_requests_per_second == 2.5
    assert config.settings.max_parallel_requests == 2
    assert config.rejected_path == "s3://bucket/rejected.singer"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"usr_id": "x"}, "there is no setting 'usr_id'; did you mean 'user_id'?"),
        ({"path": "x"}, "there is no setting 'path'"),
        ({"batch_size_rows": "many"}, "option 'batch_size_rows': must be integer"),
        ({"fields": "{"}, "option 'fields': must be object"),
        ({"batch_size_rows": "0"}, "batch_size_rows: must be at least 1"),
        ({"enrichment_number": "4"}, "enrichment_number: must be at most 3"),
        ({"client_secret": ""}, "client_secret: must be a text that is not empty"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(
    options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        read_options({**SECRETS, **options})
    assert str(raised.value) == message
    assert "hush" not in str(raised.value)


def test_a_file_of_one_process_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no setting 'memory_path'"):
        read_options({**SECRETS, "memory_path": "x"})
    with pytest.raises(ConfigError, match="'memory_path' can't be used on Spark"):
        read_config({**SECRETS, "config": {"memory_path": "x"}})


def test_credentials_that_are_missing_are_told() -> None:
    with pytest.raises(ConfigError, match="client_id: is required"):
        read_config({})


def written(path: Path, **settings: object) -> str:
    path.write_text(json.dumps(settings), encoding="utf-8")
    return str(path)


def test_a_config_file_of_the_target_is_read(tmp_path: Path) -> None:
    streams = {"calls": {"user_id": "uid", "fields": {"f": "c"}}}
    path = written(tmp_path / "config.json", **SECRETS, streams=streams)
    config = read_config({"config": path, "user_id": "other"})
    assert config.stream == "calls"
    assert config.mapping.user_id == "other"
    assert config.mapping.fields == {"f": "c"}


def test_of_several_mappings_one_has_to_be_named(tmp_path: Path) -> None:
    streams = {"calls": {"user_id": "a"}, "chats": {"user_id": "b"}}
    path = written(tmp_path / "config.json", **SECRETS, streams=streams)
    assert read_config({"config": path, "stream": "chats"}).mapping.user_id == "b"
    with pytest.raises(ConfigError, match="stream: say which of 'calls', 'chats'"):
        read_config({"config": path})
    with pytest.raises(ConfigError, match="stream: there is no 'mails' in streams"):
        read_config({"config": path, "stream": "mails"})


def test_what_the_environment_says_is_used_where_nothing_else_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TARGET_CONTENTSQUARE_CLIENT_ID", "id")
    monkeypatch.setenv("TARGET_CONTENTSQUARE_CLIENT_SECRET", "hush")
    monkeypatch.setenv("TARGET_CONTENTSQUARE_BATCH_SIZE_ROWS", "50")
    assert read_config({}).settings.batch_size_rows == 50
    assert read_config({"batch_size_rows": 70}).settings.batch_size_rows == 70
    monkeypatch.setenv("TARGET_CONTENTSQUARE_DRY_RUN", "maybe")
    with pytest.raises(ConfigError, match="TARGET_CONTENTSQUARE_DRY_RUN: must be bool"):
        read_config({})


def test_settings_of_singer_in_a_config_file_are_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path / "config.json", **SECRETS, stream_maps={})
    read_config({"config": path})
    assert "there is no setting 'stream_maps', it is ignored" in caplog.text


def test_settings_can_be_sent_to_the_executors() -> None:
    schema: dict[str, Any] = {"fields": [{"name": "f", "type": "INT"}]}
    config = read_config({**SECRETS, "integration_schema": schema})
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - made right here

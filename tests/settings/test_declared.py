"""The declarations of settings: one source, that all else agrees with."""

import dataclasses
import subprocess
import sys

from jsonschema import Draft202012Validator

from target_contentsquare.mapping.stream_mapping import StreamMapping
from target_contentsquare.settings.declared import SETTINGS
from target_contentsquare.settings.mapping_keys import MAPPING_KEYS
from target_contentsquare.settings.schema import config_schema
from target_contentsquare.settings.setting import Setting

_WITHOUT_HOSTS = """
import sys
sys.modules |= dict.fromkeys(("singer_sdk", "click", "dotenv", "pyspark"))
import target_contentsquare.settings.check
import target_contentsquare.settings.reading.from_text
"""


def test_the_schema_is_valid() -> None:
    Draft202012Validator.check_schema(config_schema(SETTINGS))


def test_every_setting_has_a_title_and_a_description() -> None:
    for setting in (*SETTINGS, *MAPPING_KEYS):
        assert setting.title, setting.name
        assert setting.description, setting.name
        assert not setting.description.endswith("."), setting.name


def test_no_name_is_declared_twice() -> None:
    for settings in (SETTINGS, MAPPING_KEYS):
        names = [setting.name for setting in settings]
        assert len(names) == len(set(names))


def test_a_stream_mapping_has_the_declared_defaults() -> None:
    at_top = {setting.name: setting.default for setting in SETTINGS}
    declared = {key.name: key.default for key in MAPPING_KEYS}
    for field in dataclasses.fields(StreamMapping):
        if field.default is not dataclasses.MISSING:
            expected = declared.get(field.name)
            assert field.default == (expected or at_top.get(field.name)), field.name


def test_secrets_are_marked() -> None:
    secrets = {setting.name for setting in SETTINGS if setting.is_secret}
    assert secrets == {"client_id", "client_secret", "credentials"}


def test_each_schema_is_one_of_its_own() -> None:
    config_schema(SETTINGS)["properties"].clear()
    assert config_schema(SETTINGS)["properties"]


def test_null_is_allowed_for_what_is_not_required() -> None:
    settings = (
        Setting("a", ("string",), "A", "Needed", is_required=True),
        Setting("b", ("integer",), "B", "Not needed"),
    )
    properties = config_schema(settings)["properties"]
    assert properties["a"]["type"] == ["string"]
    assert properties["b"]["type"] == ["integer", "null"]


def test_the_settings_need_no_host() -> None:
    command = [sys.executable, "-c", _WITHOUT_HOSTS]
    # The interpreter of this test, and a text above.
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr.decode()

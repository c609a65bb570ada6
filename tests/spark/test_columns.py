import re
from typing import Any

import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.spark.columns import SparkColumn
from target_contentsquare.spark.plan import make_plan
from tests.spark.rig import config_for

USER = [SparkColumn("user_id", "string"), SparkColumn("session_number", "int")]
#: Words of Singer and of the SDK, which a Spark user need not know.
FOREIGN_WORDS = re.compile(
    r"propert|\btaps?\b|\bstates?\b|stream_maps|flatten|\bstreams?\b", re.IGNORECASE
)


def plan(sandbox: Sandbox, columns: list[SparkColumn], **settings: Any) -> Any:
    return make_plan(config_for(sandbox, **settings), columns)


@pytest.mark.parametrize(
    "spark_type",
    [
        "binary",
        "array<string>",
        "map<string,int>",
        "struct<a:int>",
        "variant",
        "interval day to second",
        "time(6)",
    ],
)
def test_a_column_that_can_not_be_sent_is_left_out_with_a_warning(
    sandbox: Sandbox, spark_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    columns = [*USER, SparkColumn("tags", spark_type), SparkColumn("n", "int")]
    names = [column.name for column in plan(sandbox, columns).columns]
    assert names == ["user_id", "session_number", "n"]
    assert f"left out 'tags ({spark_type})'" in caplog.text


def test_what_the_core_warns_of_is_in_the_words_of_spark(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    plan(sandbox, [*USER, SparkColumn("n", "int")])
    (warning,) = caplog.messages
    assert warning.startswith("no session_started_at, so rows of sessions that")
    assert warning.endswith("map the column that says when the session started")


@pytest.mark.parametrize("spark_type", ["varchar(10)", "char(3)", "string collate X"])
def test_texts_of_other_names_are_text(sandbox: Sandbox, spark_type: str) -> None:
    columns = [*USER, SparkColumn("name", spark_type)]
    assert plan(sandbox, columns).columns[2].name == "name"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"fields": {"f": "tags"}},
            (
                "fields.f: column 'tags' is array<string>, which can't be sent: give a "
                "column with one value each that is made from it"
            ),
        ),
        (
            {"user_id": "tags"},
            (
                "user_id: column 'tags' is array<string>, which can't be sent: give a "
                "column with one value each that is made from it"
            ),
        ),
        (
            {"user_id": "uid"},
            (
                "user_id: the DataFrame has no column 'uid'; it has: 'user_id', "
                "'session_number', 'n'"
            ),
        ),
        (
            {"fields": {"f": "m"}},
            (
                "fields.f: the DataFrame has no column 'm'; it has: 'user_id', "
                "'session_number', 'n'"
            ),
        ),
        (
            {"integration_schema": {"fields": [{"name": "q", "type": "INT"}]}},
            (
                "fields: the integration schema says that 'q' is not optional, but no "
                "column is mapped to it; the DataFrame has: 'user_id', "
                "'session_number', 'n'"
            ),
        ),
        (
            {"session_key": "k", "user_id": "u"},
            "has session_key, so user_id and session_number must go",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_is_told_in_the_words_of_spark(
    sandbox: Sandbox, settings: dict[str, Any], message: str
) -> None:
    columns = [*USER, SparkColumn("tags", "array<string>"), SparkColumn("n", "int")]
    with pytest.raises(ConfigError) as raised:
        plan(sandbox, columns, **settings)
    assert str(raised.value) == message
    assert not FOREIGN_WORDS.search(str(raised.value))


def test_no_column_to_send_is_told(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigError, match="the DataFrame has no column to send") as e:
        plan(sandbox, USER)
    assert not FOREIGN_WORDS.search(str(e.value))


def test_two_columns_of_a_name_are_refused(sandbox: Sandbox) -> None:
    columns = [*USER, SparkColumn("n", "int"), SparkColumn("n", "string")]
    with pytest.raises(ConfigError, match="two columns 'n'"):
        plan(sandbox, columns)

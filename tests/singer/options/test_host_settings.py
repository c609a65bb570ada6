"""Whatever JSON a config is: it is settings, or it is refused in one line."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.declared import SETTINGS
from target_contentsquare.settings.mapping_keys import MAPPING_KEYS
from target_contentsquare.settings.settings import Settings
from target_contentsquare.singer.options.host_settings import (
    HOST_SETTINGS,
    check_config,
    host_schema,
)

NAMES = [setting.name for setting in (*SETTINGS, *HOST_SETTINGS)]
KEYS = [key.name for key in MAPPING_KEYS]
OPERATORS = ["__else__", "__filter__", "__alias__", "__source__", "__key_properties__"]
GIVEN = {"client_id": "id", "client_secret": "s3cret", "streams": {"calls": {}}}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["5%", "162", "{}", "https://[", "a\0b", "\ud800", 10**400])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.just("162"), inner, max_size=3)
    ),
    max_leaves=8,
)
CONFIGS = (
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2)
    | st.fixed_dictionaries(
        {
            "streams": st.dictionaries(
                st.just("*"), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3)
            )
        }
    )
    | st.fixed_dictionaries(
        {
            "stream_maps": st.dictionaries(
                st.just("calls"),
                st.dictionaries(st.sampled_from([*OPERATORS, "x"]), VALUES, max_size=3),
            )
        }
    )
)


@settings(max_examples=300, deadline=None)
@example(changes={"max_requests_per_second": 10**400})
@example(changes={"request_timeout_seconds": 1e308})
@example(changes={"stream_maps": {"__else__": {}}})
@example(changes={"integration_schema": "\ud800"})
@given(changes=CONFIGS)
def test_any_config_is_settings_or_refused_in_a_line(changes: dict[str, Any]) -> None:
    outcome = checked({**GIVEN, **changes})
    if isinstance(outcome, ConfigError):
        assert outcome.faults
        assert len(str(outcome).splitlines()) == 1
        assert "s3cret" not in str(outcome)
    else:
        assert outcome.mapping_for("calls") is not None


def checked(config: dict[str, Any]) -> Settings | ConfigError:
    try:
        return check_config(config, host_schema())
    except ConfigError as error:
        return error


@pytest.mark.parametrize("name", [setting.name for setting in HOST_SETTINGS])
def test_null_is_the_same_as_absent(name: str) -> None:
    assert checked({**GIVEN, name: None}) == checked(GIVEN)

"""Credentials: at the top, by project, and which projects have to be covered."""

from typing import Any

import pytest

from target_contentsquare.api.signing_in.account import Account, Credentials
from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.check import check
from target_contentsquare.settings.declared import SETTINGS
from target_contentsquare.settings.schema import config_schema
from target_contentsquare.settings.settings import Settings

TOP = {"client_id": "id", "client_secret": "s3cret"}
OWN = {"client_id": "own", "client_secret": "s3cret-own"}
SCHEMA = config_schema(SETTINGS)


def checked(**config: Any) -> Settings:
    return check({"streams": {"*": {}}, **config}, SCHEMA)


def fault(**config: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        checked(**config)
    assert "s3cret" not in str(refused.value)
    return str(refused.value)


def test_a_project_has_its_own_credentials() -> None:
    keyring = checked(**TOP, project_id=1, credentials={"2": OWN}).keyring
    assert keyring.credentials_for(2) == Credentials("own", "s3cret-own")
    assert keyring.credentials_for(1) == Credentials("id", "s3cret")
    assert keyring.credentials_for(None) == Credentials("id", "s3cret")


def test_none_at_the_top_are_needed_where_each_project_has_its_own() -> None:
    streams = {"a": {"project_id": 2}, "b": {"project_id": "project"}}
    settings = checked(project_id=2, credentials={"2": OWN}, streams=streams)
    assert settings.keyring.default is None


def test_every_project_that_is_named_has_to_be_covered() -> None:
    streams = {"a": {"project_id": 2}, "b": {"project_id": 3}}
    told = fault(credentials={"2": OWN}, streams=streams, project_id=2)
    assert told.startswith("credentials: there are no credentials for project 3")


def test_credentials_by_project_need_a_project() -> None:
    assert "project_id" in fault(credentials={"2": OWN})


def test_half_of_the_credentials_at_the_top() -> None:
    told = fault(project_id=2, credentials={"2": OWN}, client_id="id")
    assert told == "client_secret: is required"


def test_a_dry_run_needs_none() -> None:
    settings = checked(project_id=3, credentials={"2": OWN}, dry_run=True)
    assert settings.keyring.default is None


@pytest.mark.parametrize("key", ["shop", "0", "-1", "007", "1.0", "", "9" * 5000, "٢"])
def test_a_key_that_is_no_project_id(key: str) -> None:
    told = fault(**TOP, credentials={key: OWN})
    assert told == f"credentials.{key}: must be a project id, such as 162"


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, "credentials: must be an object with at least one entry"),
        ({"2": None}, "credentials.2: must be object"),
        ({"2": {"client_id": "own"}}, "credentials.2.client_secret: is required"),
        ({"2": {**OWN, "secret": "s3cret"}}, "credentials.2: has no 'secret'"),
        (
            {"2": {**OWN, "client_secret": 7}},
            "credentials.2.client_secret: must be string",
        ),
        (
            {"2": {**OWN, "integration_id": 1.5}},
            "credentials.2.integration_id: must be integer or string",
        ),
    ],
)
def test_what_is_wrong_is_named(credentials: Any, words: str) -> None:
    assert fault(**TOP, credentials=credentials).startswith(words)


def test_an_integration_id_at_the_top_is_for_all_that_have_none() -> None:
    by_project = {"2": OWN, "3": {**OWN, "integration_id": 300}}
    config = {**TOP, "credentials": by_project, "integration_id": "100"}
    keyring = checked(**config).keyring
    ids = [keyring.credentials_for(project).integration_id for project in (None, 2, 3)]
    assert ids == ["100", "100", 300]


def test_a_stream_may_have_its_own_integration_id() -> None:
    streams = {"a": {"integration_id": 7}, "b": {"integration_id": None}, "c": {}}
    settings = checked(**TOP, project_id=2, integration_id=100, streams=streams)
    found = [mapping.integration_id for mapping in settings.streams.values()]
    assert found == [7, None, None]  # the keyring has the one at the top


def test_each_project_and_integration_is_an_account() -> None:
    streams = {
        "a": {"project_id": 2, "integration_id": 7},
        "b": {"project_id": 2},
        "c": {"project_id": 2},
        "d": {"project_id": "project", "integration_id": "x"},
    }
    config = {**TOP, "credentials": {"3": OWN, "4": OWN}, "project_id": 1}
    assert checked(**config, streams=streams).accounts == [
        Account(2, 7),
        Account(2, None),
        Account(3, "x"),
        Account(4, "x"),
    ]


def test_no_secret_is_in_a_repr() -> None:
    assert "s3cret" not in repr(checked(**TOP, credentials={"2": OWN}))

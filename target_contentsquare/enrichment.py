"""An enrichment, and the key under which Contentsquare keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

import msgspec

Scalar: TypeAlias = str | int | float | bool | datetime

#: project (None: the credentials' own), user id, session number, enrichment number.
#: Contentsquare keeps one enrichment for each key; a later one overwrites it.
Key: TypeAlias = tuple[int | None, str, int, int]


class Enrichment(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """One item of a batch, named and shaped as the API's JSON.

    `enrichment` holds the fields: a struct of the stream's own, made by its mapping.
    """

    user_id: str
    session_number: int
    enrichment_number: int
    enrichment: Any

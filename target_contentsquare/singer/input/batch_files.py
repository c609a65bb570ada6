"""BATCH messages: files full of rows, read as streams and never into memory."""

from __future__ import annotations

import contextlib
import itertools
import re
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import fsspec
import msgspec

from target_contentsquare.errors import InputError
from target_contentsquare.singer.input.json_lines import is_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_COMPRESSIONS = {None: None, "none": None, "gzip": "gzip"}


def batch_lines(
    message: Mapping[str, Any], storage: Mapping[str, Any] | None
) -> Iterator[bytes]:
    """Yield each row of a BATCH message's files, in order, as a RECORD line.

    Args:
        message: The BATCH message.
        storage: The SDK's `batch_config.storage`: `root` stands in for the folder
            that the manifest names, `params` go to fsspec.

    Raises:
        InputError: The message or a file can't be read; names the file.
    """
    stream, encoding = message.get("stream"), message.get("encoding")
    manifest = message.get("manifest")
    if not isinstance(encoding, dict) or not isinstance(manifest, list):
        raise InputError(f"BATCH of stream '{stream}': no 'encoding' or 'manifest'")
    form, compression = encoding.get("format"), encoding.get("compression")
    is_text = isinstance(compression, (str, type(None)))
    if form != "jsonl" or not is_text or compression not in _COMPRESSIONS:
        raise InputError(
            f"BATCH of stream '{stream}': its files must be JSONL, plain or gzip: "
            "change the tap's batch_config"
        )
    head = b'{"type":"RECORD","stream":%b,"record":' % msgspec.json.encode(str(stream))
    rows = itertools.chain.from_iterable(
        _rows(str(url), _COMPRESSIONS[compression], storage or {}) for url in manifest
    )
    for number, row in enumerate(rows, start=1):
        if not is_json(row):
            raise InputError(f"a batch file of '{stream}': row {number} is not JSON")
        yield b"%b%b}" % (head, row)


def _rows(
    url: str, compression: str | None, storage: Mapping[str, Any]
) -> Iterator[bytes]:
    names = _names(url, storage.get("root"))
    options = {"compression": compression, **(storage.get("params") or {})}
    try:
        with contextlib.ExitStack() as stack:
            file = _open_first([fsspec.open(n, "rb", **options) for n in names], stack)
            for number, line in enumerate(file):
                row = line.strip() if number else line.removeprefix(BOM_UTF8).strip()
                if row:
                    yield row
    except Exception as error:  # noqa: BLE001 - each file system raises its own
        reason = getattr(error, "strerror", None) or type(error).__name__
        hint = f": {error}" if isinstance(error, ImportError) else ""
        raise InputError(
            f"batch file '{_without_secrets(names[0])}' can't be read ({reason}){hint}"
        ) from None


def _names(url: str, root: object) -> list[str]:
    """Return what a file of the manifest may be called, the likeliest name first.

    Taps of the SDK write URLs with percent-encoded names, which fsspec does not decode.

    Args:
        root: Stands in for the folder that the manifest names; None: it does not.
    """
    folder, _, name = url.rpartition("/")
    folder = re.sub(r"^file://localhost(?=/|$)", "file://", folder, flags=re.IGNORECASE)
    if root:
        folder = str(root).rstrip("/")
    slash = "/" if root or "/" in url else ""
    decoded = unquote(folder) if not root else folder
    names = (f"{folder}{slash}{name}", f"{decoded}{slash}{unquote(name)}")
    return list(dict.fromkeys(names))


def _open_first(files: Sequence[Any], stack: contextlib.ExitStack) -> Any:
    """Open the first of the files that is there; the stack closes it."""
    *others, last = files
    for file in others:
        with contextlib.suppress(FileNotFoundError):
            return stack.enter_context(file)
    return stack.enter_context(last)


def _without_secrets(url: str) -> str:
    """Return the URL without a password, or a signature in its query."""
    return re.sub(r"(?<=//)[^/@]*@|\?.*", "", url, flags=re.DOTALL)

"""The commands of the empty page, pasted into a shell."""

import os
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
import requests

from target_contentsquare.sandbox import Sandbox

SCHEMA = {
    "fields": [
        {"name": "center", "type": "STRING", "optional": False},
        {"name": "duration", "type": "INT", "optional": False},
        {"name": "rating", "type": "FLOAT", "optional": False},
        {"name": "answered", "type": "BOOL", "optional": False},
        {"name": "date", "type": "DATETIME", "optional": False},
    ]
}


@pytest.mark.parametrize(
    "sandbox",
    [Sandbox(), Sandbox(projects=[7], integration_schemas={3: SCHEMA})],
    ids=["without a schema", "with a schema"],
)
def test_the_commands_deliver_a_row(sandbox: Sandbox, tmp_path: Path) -> None:
    with sandbox:
        html = unescape(requests.get(sandbox.url, timeout=5).text)
        _, _, rest = html.partition('<pre id="command"')
        command = rest.partition(">")[2].partition("</pre>")[0]
        scripts = Path(sys.executable).parent
        path = f"{scripts}:{os.environ['PATH']}"

        # The commands are the page's own.
        done = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", command],
            cwd=tmp_path,
            env={"PATH": path, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    ((key, fields),) = sandbox.enrichments.items()
    assert key[1:] == ("aaa-aaa-aaa", 5, 1)
    assert len(fields) in (2, 5)

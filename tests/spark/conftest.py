from collections.abc import Iterator

import pytest

from target_contentsquare.spark.task.worker import worker_for


@pytest.fixture(autouse=True)
def _fresh_worker() -> Iterator[None]:
    """Let every test begin in a new worker process, as far as the sender goes."""
    worker_for.cache_clear()
    yield
    worker_for.cache_clear()

"""Lets Spark 4 find the format `contentsquare` by itself: it looks for such a name."""

from target_contentsquare.spark.data_source import (
    ContentsquareDataSource as DefaultSource,
)

__all__ = ["DefaultSource"]

"""Making the format `contentsquare` known to a Spark session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_IS_THERE = "DATA_SOURCE_ALREADY_EXISTS"


def register(spark: SparkSession) -> None:
    """Make `df.write.format("contentsquare")` work, if Spark has not found it itself.

    Raises:
        ConfigError: This Spark has no data sources in Python, which came with 4.0.
    """
    if not hasattr(spark, "dataSource"):
        raise ConfigError("the format 'contentsquare' needs Spark 4: use send() here")
    from target_contentsquare.spark.data_source import (  # noqa: PLC0415 - Spark 4 only
        ContentsquareDataSource,
    )

    try:
        spark.dataSource.register(ContentsquareDataSource)
    except Exception as error:
        if _IS_THERE not in str(error):
            raise

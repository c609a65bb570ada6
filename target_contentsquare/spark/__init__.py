"""Sends the rows of a Spark DataFrame to Contentsquare, from the cluster.

from target_contentsquare.spark import send

summary = send(df, config="contentsquare.json", newest_by="updated_at")
print(summary.total.delivered)
"""

from target_contentsquare.spark.newest import newest
from target_contentsquare.spark.register import register
from target_contentsquare.spark.send import send, sender

__all__ = ["newest", "register", "send", "sender"]

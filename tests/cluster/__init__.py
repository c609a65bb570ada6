"""`make spark`: jobs on a real Spark, in processes of their own, against the sandbox.

Each version of Spark has an environment that holds it and `contentsquare-spark`, and so
no Singer SDK. Here are the sandbox and what is expected.
"""

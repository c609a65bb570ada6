"""The programs that are compared: each reads Singer messages and a config file.

Each is written as is usual for its library, without tuning for this benchmark.
"""

"""Benchmarks: each is `python -m bench.NAME`, prints a table, and writes JSON where it is told to."""

"""Throughput: how many mentions a second the whole path takes on one core, where the time goes, and the memory."""

"""X: volumes by the counts end point, posts by search, mentions or stream, and a plan for what may be spent on them.

============  ==========================================================================================
`source`      the source itself: a queue of small pieces of work, one or a few calls a poll
`options`     its configuration as the wiring hands it over, and the factory
`calls`       tweepy's client behind one function: answers as mappings, errors as ours, deadline, cost
`transport`   the adapter under it: base URL, time-outs, size; remembers status and rate limits
`wire`        posts and counts in both dialects of field names, as mentions and volumes (pure)
`place`       what a cursor holds (pure)
`plan`        when to count, how many posts to read, and with which weight (pure)
`money`       a month's budget, its reserve, and what is left of it (pure)
`estimate`    the number of negative posts from an exact count and a sample (pure)
`stream`      the filtered stream on a thread of its own
============  ==========================================================================================
"""

from __future__ import annotations

__all__: list[str] = []

"""Event-time windows: minute buckets of one series, sliding sums over them, distinct counts that merge, copies told.

Everything is in whole minutes since 1970 (UTC) and in whole numbers, so that the order in which mentions arrive, and
how the stream is cut into batches, can't change a result. Weighted counts are kept in thousandths of a mention.
"""

from crisiswatch.windows.distinct import HASH_SPACE, Distinct, author_hash, distinct_over
from crisiswatch.windows.minutes import BIN, MILLI, minute_of, moment
from crisiswatch.windows.organic import Crowd, Voices, organic_part
from crisiswatch.windows.series import UNTOUCHED, Bucket, Lean, Series, Signalled, SlidingSum
from crisiswatch.windows.tally import SURE, Tally, pour

__all__ = [
    "BIN",
    "HASH_SPACE",
    "MILLI",
    "SURE",
    "UNTOUCHED",
    "Bucket",
    "Crowd",
    "Distinct",
    "Lean",
    "Series",
    "Signalled",
    "SlidingSum",
    "Tally",
    "Voices",
    "author_hash",
    "distinct_over",
    "minute_of",
    "moment",
    "organic_part",
    "pour",
]

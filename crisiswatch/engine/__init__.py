"""The engine: one pure step function, the incident machine, and the codec of a brand's state."""

from crisiswatch.engine.codec import decode, encode
from crisiswatch.engine.state import State
from crisiswatch.engine.step import fold, next_wakeup, step

__all__ = ["State", "decode", "encode", "fold", "next_wakeup", "step"]

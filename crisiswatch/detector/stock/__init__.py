"""river's own detectors behind the seam, by name, for comparison and for who trusts them.

Their state is flat numbers like everybody's: where an estimator has few sufficient statistics it is rebuilt from them,
otherwise from the last counts it learned. river is imported when such a detector is first asked, never on start.

What river's scores cannot do is made up for here, and said where it is done: scores that end at 1 (`GaussianScorer`,
`PredictiveAnomalyDetection`, `HalfSpaceTrees`) are replaced by what stands behind them, two-sided ones are cut to the
upper side, a standard deviation counts as at least one mention, yes-or-no drift detectors are graded.

Not here: `KSWIN` compares the last thirty values with earlier ones, so it needs hours to see anything; `OneClassSVM`
without kernel draws one line through one count; `LocalOutlierFactor` keeps everything; `ThresholdFilter` needs a
threshold, which is what false alarms a month replace.
"""

from __future__ import annotations

from collections.abc import Callable

from crisiswatch.detector.scored import Method, Scored
from crisiswatch.detector.stock.drift import Adwin, PageHinkley
from crisiswatch.detector.stock.ensembles import HalfSpaceTrees, Loda
from crisiswatch.detector.stock.normal import Gaussian, QuantileFilter, StandardDeviation
from crisiswatch.detector.stock.predictive import Predictive

__all__ = ["STOCK", "stock"]

STOCK: dict[str, Callable[[], Method]] = {
    "river-gaussian": Gaussian,
    "river-standard-deviation": StandardDeviation,
    "river-quantile-filter": QuantileFilter,
    "river-predictive": Predictive,
    "river-half-space-trees": HalfSpaceTrees,
    "river-loda": Loda,
    "river-adwin": Adwin,
    "river-page-hinkley": PageHinkley,
}


def stock(name: str) -> Scored:
    """Give river's detector called ``name`` as a detector."""
    return Scored(STOCK[name]())

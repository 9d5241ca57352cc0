"""river's detector by forecast: what differs from the forecast more than forecasts usually err."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from crisiswatch.detector.scored import Look
from crisiswatch.detector.stock.memory import river

__all__ = ["Predictive"]

DAY = 24
MORE = 1.0
_LAST, _ITER, _MAE_N, _MAE, _SE_N, _SE_MEAN, _SE_SUM, _FILLED = range(8)
_LEVEL, _TREND, _SEASON = 8, 10, 12


class Predictive:
    """`anomaly.PredictiveAnomalyDetection` with `time_series.HoltWinters`: hourly counts, additive, season of a day.

    river's score ends at 1 where the squared error reaches its threshold (mean + 3 deviations of squared errors) and
    asking it for a score changes it. Here the score is the root of squared error / threshold without an end, upwards
    only, and river is asked once for each hour learned. Holt-Winters knows hours by their order alone, so hours that
    were missing are filled with its own forecast (a week at most); and it fails on a first day without a mention, which
    it divides by: so it learns one mention more than there were.
    """

    name = "river-predictive"
    warm = 72.0

    def fresh(self) -> list[float]:
        """Give its numbers before anything was learned.

        The newest hour, hours, the mean of squared errors (n, mean), their variance (n, mean, sum of squares), values
        in the season, two levels, two trends, and 25 seasonal values - until there are 24, the counts themselves.
        """
        return [-1.0] + [0.0] * (_SEASON + DAY)

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give the error as a multiple of the threshold's root."""
        if own[_FILLED] < DAY:
            return 0.0
        model = _rebuilt(own)
        error = look.hour - self._forecast(own, model, look)
        spread = sqrt(max(model.dynamic_se_variance.get(), 0.0))
        threshold = model.dynamic_mae.get() + model.n_std * spread
        return float(error / sqrt(max(threshold, 1.0))) if error > 0.0 else 0.0

    def outlook(self, own: Sequence[float], look: Look) -> tuple[float, float]:
        """Give the forecast, and the root of the mean squared error."""
        if own[_FILLED] < DAY:
            return 0.0, 0.0
        return max(self._forecast(own, _rebuilt(own), look), 0.0), sqrt(own[_MAE])

    def learn_bin(self, own: list[float], count: float) -> None:
        """Wait for the hour to end."""

    def learn_hour(self, own: list[float], hour: int, count: float) -> None:
        """Let the forecaster pass the hours that were missing, then score and learn this one."""
        model = _rebuilt(own)
        ready = own[_FILLED] >= DAY
        if ready:
            for _ in range(min(hour - int(own[_LAST]) - 1, 7 * DAY)):
                model.predictive_model.learn_one(model.predictive_model.forecast(1)[0])
            model.score_one(None, count + MORE)
        model.learn_one(None, count + MORE)
        _keep(own, model)
        own[_LAST] = float(hour)

    @staticmethod
    def _forecast(own: Sequence[float], model: Any, look: Look) -> float:
        """The forecast for the clock hour that holds most of the last hour."""
        ahead = max((look.end - 30) // 60 - int(own[_LAST]), 1)
        ahead = ahead if ahead <= DAY else DAY + ahead % DAY  # the season comes round; the trend is not carried on
        return float(model.predictive_model.forecast(ahead)[-1]) - MORE


def _rebuilt(own: Sequence[float]) -> Any:
    forecaster = river("time_series").HoltWinters(alpha=0.2, beta=0.01, gamma=0.1, seasonality=DAY)
    filled = int(own[_FILLED])
    if filled < DAY:
        forecaster._first_values = list(own[_SEASON : _SEASON + filled])  # noqa: SLF001 - river gives no other way in
    else:
        forecaster._initialized = True  # noqa: SLF001
        levels = 1 if own[_ITER] <= DAY else 2
        forecaster.level.extend(own[_LEVEL + 2 - levels : _TREND])
        forecaster.trend.extend(own[_TREND + 2 - levels : _SEASON])
        forecaster.season.extend(own[_SEASON : _SEASON + filled])
    model = river("anomaly").PredictiveAnomalyDetection(forecaster, n_std=3.0)
    model.iter = int(own[_ITER])
    model.dynamic_mae.n, model.dynamic_mae._mean = own[_MAE_N], own[_MAE]  # noqa: SLF001
    variance = model.dynamic_se_variance
    variance.mean.n, variance.mean._mean, variance._S = own[_SE_N], own[_SE_MEAN], own[_SE_SUM]  # noqa: SLF001
    return model


def _keep(own: list[float], model: Any) -> None:
    """Write the model down."""
    forecaster, variance = model.predictive_model, model.dynamic_se_variance
    season = list(forecaster.season) if forecaster._initialized else forecaster._first_values  # noqa: SLF001
    own[_ITER] = float(model.iter)
    own[_MAE_N], own[_MAE] = model.dynamic_mae.n, model.dynamic_mae.get()
    own[_SE_N], own[_SE_MEAN], own[_SE_SUM] = variance.n, variance.mean.get(), variance._S  # noqa: SLF001
    own[_FILLED] = float(len(season))
    if forecaster._initialized:  # noqa: SLF001
        own[_LEVEL:_TREND] = [0.0, *forecaster.level][-2:]
        own[_TREND:_SEASON] = [0.0, *forecaster.trend][-2:]
    own[_SEASON:] = [*season, *([0.0] * (DAY + 1 - len(season)))]

"""Upper tails of count distributions in closed form, for real-valued counts, far below what a float's p-value holds.

Lugannani and Rice's saddle-point approximation in the r* form, with the continuity correction for lattices (Butler,
Saddlepoint Approximations with Applications, 2007, sections 1.2 and 2.3). Results are -log10 of a probability.
"""

from __future__ import annotations

from math import erfc, exp, log, log1p, pi, sinh, sqrt

__all__ = ["binomial", "log10_upper_normal", "negative_binomial", "normal_quantile_05"]

LN10 = log(10.0)
TINY = 1e-300  # a mean below this is no mean: any count is beyond belief
normal_quantile_05 = 1.6448536269514722


def log10_upper_normal(z: float) -> float:
    """-log10 of P(Z >= z) for a standard normal Z."""
    if z < 8.0:
        return -log(0.5 * erfc(z / sqrt(2.0))) / LN10
    inverse = 1.0 / (z * z)
    return (0.5 * z * z + log(z * sqrt(2.0 * pi)) - log1p(-inverse + 3.0 * inverse * inverse)) / LN10


def _r_star(t: float, exponent: float, curvature: float) -> float:
    """-log10 of the tail from the saddle point ``t``, ``t x - K(t)`` and ``K''(t)``."""
    w = sqrt(max(2.0 * exponent, 0.0))
    if t < 0:
        w = -w
    if abs(w) < 1e-3 or abs(t) < 1e-6:  # at the mean: the correction's limit is not worth a special function
        return log10_upper_normal(w)
    u = 2.0 * sinh(min(t, 600.0) / 2.0) * sqrt(curvature)
    return log10_upper_normal(w + log(u / w) / w)


def negative_binomial(count: float, mean: float, dispersion: float) -> float:
    """-log10 of P(N >= count), N negative binomial with ``mean`` and variance mean + dispersion * mean^2.

    0 for a count of 0 or less; Poisson for a dispersion of 0.
    """
    x = count - 0.5
    if x <= 0.0 or mean <= TINY:
        return 0.0 if x <= 0.0 else 300.0
    phi = max(dispersion, 1e-9)
    t = log(x * (1.0 + phi * mean) / (mean * (1.0 + phi * x)))
    cumulant = -log1p(-phi * mean * (exp(t) - 1.0)) / phi if t < 500 else 0.0
    return max(_r_star(t, t * x - cumulant, x + phi * x * x), 0.0)


def binomial(count: float, trials: float, share: float, correlation: float = 0.0) -> float:
    """-log10 of P(K >= count) of ``trials`` with success ``share`` and intra-class ``correlation`` (beta-binomial).

    The beta-binomial is taken as a binomial with trials / (1 + (trials - 1) * correlation) trials: the variance is
    right, the far tail slightly too light.
    """
    if count <= 0.0 or trials <= 0.0:
        return 0.0
    deflate = 1.0 + max(trials - 1.0, 0.0) * correlation
    n, x = trials / deflate, (count - 0.5) / deflate
    p = min(max(share, 1e-9), 1.0 - 1e-9)
    if x <= 0.0:
        return 0.0
    x = min(x, n * (1.0 - 1e-9))
    t = log(x * (1.0 - p) / (p * (n - x)))
    cumulant = n * log1p(p * (exp(t) - 1.0))
    return max(_r_star(t, t * x - cumulant, x * (n - x) / n), 0.0)

"""The default scorer ``lite``: numpy alone at run time, nothing fetched, Italian and English first."""

from crisiswatch.sentiment.lite.artefact import SHIPPED, DamagedModelError, Model, load, save
from crisiswatch.sentiment.lite.encoder import DIMENSIONS, Encoder, encoder
from crisiswatch.sentiment.lite.language import LANGUAGES, LanguageFinder, primary
from crisiswatch.sentiment.lite.scorer import LiteScorer, Parts

__all__ = [
    "DIMENSIONS",
    "LANGUAGES",
    "SHIPPED",
    "DamagedModelError",
    "Encoder",
    "LanguageFinder",
    "LiteScorer",
    "Model",
    "Parts",
    "encoder",
    "load",
    "primary",
    "save",
]

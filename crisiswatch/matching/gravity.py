"""Words that make a complaint grave: courts, boycotts, people hurt, fraud, leaks, discrimination, violence, the news.

English and Italian, whole words and phrases on normalised text. They were listed from what any brand's public says when
it is serious, not for one brand; what every complaint says ("never again", "mai più", "shame", "ladri") is left out,
and so is what means something harmless in the other language ("sue" is Italian for "her").
"""

from __future__ import annotations

from crisiswatch.matching.matcher import WordFilter

__all__ = ["GRAVE", "grave"]

GRAVE: dict[str, tuple[str, ...]] = {
    "legal": (
        *("lawsuit", "lawsuits", "sued", "suing", "to sue", "sue you", "sue them", "legal action", "class action"),
        *("lawyer", "lawyers", "attorney", "attorneys", "small claims", "illegal", "illegally"),
        *("denuncia", "denunciare", "denunciato", "denunciati", "querela", "querele", "avvocato", "avvocati"),
        *("azione legale", "azioni legali", "vie legali", "tribunale", "illegale"),
    ),
    "boycott": (
        *("boycott", "boycotts", "boycotted", "boycotting"),
        *("boicotta", "boicottare", "boicottiamo", "boicottate", "boicottaggio"),
    ),
    "safety": (
        *("injured", "injury", "injuries", "hospital", "hospitalized", "hospitalised", "ambulance", "concussion"),
        *("poisoned", "poisoning", "bleeding", "blood", "burned", "burnt", "caught fire", "exploded", "explosion"),
        *("unsafe", "deadly", "fatal", "contaminated", "salmonella", "listeria", "unconscious"),
        *("ferito", "feriti", "ferita", "ospedale", "pronto soccorso", "ambulanza", "sangue", "ustione", "ustioni"),
        *("intossicazione", "intossicato", "intossicati", "avvelenato", "avvelenati", "contaminato", "incendio"),
        *("esploso", "esplosa", "esplosione", "pericoloso", "pericolosi"),
    ),
    "recall": (
        *("recalled", "recalling", "product recall", "safety recall", "recall notice"),
        *("richiamo prodotto", "richiamo del prodotto", "ritirato dal mercato", "ritirati dal mercato"),
        *("ritiro dal mercato", "lotto ritirato"),
    ),
    "fraud": (
        *("scam", "scams", "scammed", "scammers", "fraud", "fraudulent", "stolen", "theft"),
        *("truffa", "truffe", "truffato", "truffati", "truffatori", "frode", "frodi", "rubato", "rubati", "furto"),
    ),
    "breach": (
        *("hacked", "hackers", "breach", "leaked", "data leak", "privacy violation", "gdpr"),
        *("hackerato", "hackerati", "violazione dei dati", "violazione dati", "fuga di dati", "garante privacy"),
    ),
    "discrimination": (
        *("racist", "racists", "racism", "racial", "racially", "sexist", "sexism", "homophobic", "transphobic"),
        *("antisemitic", "islamophobic", "discrimination", "discriminated", "discriminating", "discriminatory"),
        *("harassment", "harassed"),
        *("razzista", "razzisti", "razzismo", "sessista", "sessisti", "sessismo", "omofobo", "omofobia"),
        *("discriminazione", "discriminato", "discriminata", "molestie", "molestata"),
    ),
    "violence": (
        *("assault", "assaulted", "assaulting", "attacked", "beaten", "violence", "violent", "violently"),
        *("brutality", "police", "arrested", "threatened"),
        *("violenza", "violento", "aggressione", "aggredito", "aggrediti", "picchiato", "picchiati", "polizia"),
        *("carabinieri", "arrestato", "arrestati", "minacciato"),
    ),
    "outage": ("outage", "outages", "blackout"),
    "news": (
        *("breaking news", "scandal", "scandals", "cover up", "coverup", "under investigation", "whistleblower"),
        *("scandalo", "scandali", "sotto inchiesta", "indagato", "indagati", "insabbiato"),
    ),
}
"""The words by what they are about."""

_FILTER = WordFilter(word for words in GRAVE.values() for word in words)


def grave(folded: str) -> bool:
    """Whether a text has a grave word; ``folded`` is what `normalise` gave for it. No words of its own are learned."""
    return _FILTER.hits(folded)

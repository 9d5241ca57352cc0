"""Words that are never a theme: the glue of Italian and English, and what people say in any complaint's frame."""

from __future__ import annotations

__all__ = ["STOP_WORDS"]

_ENGLISH = """
a about after again all also am an and any are aren't as at back be because been before being but by can can't cannot
could couldn't did didn't do does doesn't doing don't done down even ever every for from get gets getting go going
gone got had has hasn't have haven't having he her here hers him his how i i'd i'll i'm i've if in into is isn't it
it's its just know let let's like look made make many may maybe me might more most much must my need never new no not
nothing now of off oh ok okay on once one only or other our out over own people please put really right said same say
says see she should shouldn't since so some someone something still such take than thank thanks that that's the their
them then there there's these they they're thing things think this those though through time to today told too under
until up us use very via want was wasn't way we we're well went were weren't what what's when where which while who
whole why will with without won't would wouldn't yeah yes yet you you're your yours amp gonna wanna lol omg
"""

_ITALIAN = """
a abbia abbiamo ad adesso agli ai al alla alle allo altra altre altri altro anche ancora appena avere aveva avevo
avete basta ben bene c'e che chi ci cio coi col come con contro cosa cosi cui da dai dal dalla dalle dallo degli dei
del della delle dello dentro di dire dopo dove due e ecco ed era erano ero essere fa fanno fare fatto fino fra fu gia
gli ha hai hanno ho i il in infatti io l'ho la le lei li lo loro lui ma mai me meno mi mia mie miei mio molto ne negli
nei nel nella nelle nello nessuno niente no noi non nostra nostro nulla o oggi ogni ora per perche pero piu poi
possibile prima propri proprio qua qual quale quali qualcosa qualcuno quando quanto quasi quel quella quelle quelli
quello questa queste questi questo qui se sei sembra sempre senza si sia siamo siete sono sopra sotto sta stai stanno
state stato stesso su sua sue sugli sui sul sulla sulle sullo suo suoi tanto te ti tra troppo tu tua tue tuo tuoi
tutta tutte tutti tutto un una uno va vai vedere verso vi via voi volta vostra vostro dell all nell sull dall un'altra
grazie ciao cioe
"""

STOP_WORDS = frozenset(f"{_ENGLISH} {_ITALIAN}".split())
"""Folded (lower case, no accents)."""

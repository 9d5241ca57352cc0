"""How grave the words of a text are, as a weight and its reasons: what a court, an injury or a fraud adds to a mention.

Grave words are rare (in three or four of a hundred negative tweets about airlines, in one of the others) and many of
them stand in harmless texts, so this is a weight on top of the sentiment and never a detector: on tweets of airlines
99 % of those with a boycott and 91 % of those with a fraud were negative, while of ten Italian ones with a word of
safety six were neutral.

The words are those of `crisiswatch.matching.gravity`, by its categories, with what is added here: feminines and
plurals of the Italian ones, more phrases, and exceptions for everyday turns ("blood pressure", "I recalled that",
"fare causa comune"). The detector's `grave` is not changed by any of that. Both languages are looked for in every
text, because tags are wrong and people mix; a word of a third language that is spelled alike counts as well (Spanish
"fatal"). A negation is not understood: "not a scam" counts as "scam" does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from crisiswatch.matching.gravity import GRAVE
from crisiswatch.matching.phrases import Found, Phrases

__all__ = ["NAMES", "WEIGHTS", "Severity", "severity", "weight_of"]

WEIGHTS: dict[str, float] = {
    "safety": 0.8,
    "violence": 0.8,
    "recall": 0.8,
    "breach": 0.7,
    "discrimination": 0.7,
    "legal": 0.6,
    "boycott": 0.6,
    "fraud": 0.5,
    "news": 0.4,
    "outage": 0.4,
}
"""What a category weighs, between 0 and 1: an order of what a brand answers for, judged and not measured."""

NAMES: dict[str, dict[str, str]] = {
    "it": {
        "safety": "sicurezza",
        "violence": "violenza",
        "recall": "richiamo di prodotti",
        "breach": "violazione di dati",
        "discrimination": "discriminazione",
        "legal": "azioni legali",
        "boycott": "boicottaggio",
        "fraud": "frode",
        "news": "stampa",
        "outage": "guasto generale",
    },
    "en": {"legal": "legal action", "breach": "data breach", "news": "the press"},
}
"""What the categories are called for people, by language, where their own word would not do."""

_MORE: dict[str, tuple[str, ...]] = {
    "legal": (
        *(
            "in court",
            "take {you,them} to court",
            "court case",
            "legal proceedings",
            "breach {of,their} {contract,warranty}",
        ),
        *("ombudsman", "trading standards", "prosecutor", "antitrust", "unlawful", "unlawfully", "my solicitor"),
        *("{fare,faccio,facciamo,faremo,faro,fatto} causa", "causa {legale,civile}", "in causa con"),
        *("avvocata", "avvocatessa", "{mio,miei,nostri} legal{e,i}", "denunce", "denuncio", "denunceremo"),
        *("querelare", "querelo", "quereleremo", "tribunali", "illegali", "diffida", "procura della repubblica"),
        *("giudice di pace", "codacons", "adiconsum", "federconsumatori", "altroconsumo", "agcm", "agcom"),
    ),
    "boycott": (
        *("boycotters", "{stop,stopped} buying {from,their,your}", "boicott{o,i,iamoli,atela,atelo,ateli,eremo,ando}"),
        "boicottaggi",
    ),
    "safety": (
        *("allergic reaction", "anaphylaxis", "choking hazard", "choked on", "electric shock", "electrocuted"),
        *("carbon monoxide", "gas leak", "glass in my {food,drink,salad,meal}", "{people,someone,somebody} died"),
        *("{went up in,burst into} flames", "hospitali{s,z}ation", "e coli", "ambulanze", "ustionat{o,a,i,e}"),
        *("intossicazioni", "avvelenament{o,i}", "incendi", "incendiat{o,a,i,e}", "esplosioni", "ricoverat{o,a,i,e}"),
        *("pres{o,a,e} fuoco", "andat{o,a} a fuoco", "reazion{e,i} allergic{a,he}", "shock anafilattico"),
        *("scossa elettrica", "folgorat{o,a}", "monossido", "fuga di gas", "corp{o,i} estrane{o,i}"),
        *("rischiato {la vita,di morire}", "pezz{o,i} di vetro", "pericolo per {i bambini,la salute}"),
    ),
    "recall": (
        *("recall of {the,their,its,all,your}", "{food,vehicle,voluntary,nationwide} recall", "recalls {its,over}"),
        *("campagn{a,e} di richiamo", "richiam{o,i} {alimentare,alimentari,di sicurezza,dei prodotti,di prodotti}"),
        *("ritirat{a,e} dal {mercato,commercio}", "ritirat{o,i} dal commercio", "lotti ritirati", "ritiro del lotto"),
    ),
    "breach": (
        *("data {exposed,stolen,theft}", "cyber attack", "cyberattack", "ransomware"),
        *("stolen {data,passwords,credentials}", "dati {rubati,trafugati,esposti,sottratti}", "furto {di,dei} dati"),
        *("furto d'identità", "attacc{o,hi} {hacker,informatico,informatici}", "hackeraggio", "password rubat{a,e}"),
        *("violazion{e,i} della privacy", "violazioni dei dati", "{account,profilo} violato"),
    ),
    "fraud": (
        *("scammer", "scamming", "fraudster", "fraudsters", "fraudulently", "phishing", "counterfeit", "embezzlement"),
        *("unauthori{s,z}ed {charge,payment,transaction}{,s}", "stole my {money,card,data}"),
        *("truffatore", "truffatrice", "truffando", "truffano", "truffare", "furti", "raggiro", "raggirat{o,a,i,e}"),
        *("contraffatt{o,a,i,e}", "cart{a,e} clonat{a,e}", "addebit{o,i} non autorizzat{o,i}", "fraudolent{o,a,i,e}"),
    ),
    "discrimination": (
        *("homophobia", "transphobia", "xenophobia", "xenophobic", "misogyny", "misogynist", "ableist", "ageist"),
        *("antisemitism", "islamophobia", "omofob{a,i,e}", "transfobia", "transfobic{o,a,i,he}"),
        *("xenofob{o,a,i,e,ia}", "antisemit{a,i,e,ismo}", "islamofob{o,a,i,e,ia}", "misogin{o,a,i,e,ia}"),
        *("discriminazioni", "discriminatori{o,a,e}", "insulti razziali", "molestia"),
    ),
    "violence": (
        *("beat {him,her,them} up", "death threat{,s}", "stabbed", "violenze", "violentemente", "aggressioni"),
        *("accoltellat{o,a,i,e}", "minacce di morte"),
    ),
    "outage": (
        *("{service,network} disruption{,s}", "{servers,systems} {are,were} down", "down for everyone"),
        *("{server,system,network,site,website,app} {is,was} down", "black out", "interruzion{e,i} del servizio"),
        *(
            "{server,sito,app,rete,sistema} down",
            "down {generale,nazionale}",
            "guast{o,i} {generale,alla rete,di rete}",
        ),
        "{sistema,sistemi,sito,siti,rete,app,server} in tilt",
    ),
    "news": (
        *(
            "in the {news,headlines,papers}",
            "front page news",
            "on the evening news",
            "make{,s} headlines",
            "journalist{,s}",
        ),
        *("investigative report{,er,ers}", "{in,sulla} prima pagina", "giornalist{a,i,e}", "telegiornal{e,i}", "al tg"),
        *("{sui,ai} giornali", "striscia la notizia", "le iene", "inchiesta {giornalistica,di report}"),
    ),
}
"""What is added to the words of `GRAVE`, in the notation of `expanded`."""

_HARMLESS: tuple[str, ...] = (
    # memory, which is no product's recall
    *("{i,he,she} recalled", "recalled {that,how,when,having,seeing,hearing}", "recalled from memory"),
    *("recalling {that,how,when,the time,the days,my,a,our}", "{m,am,not} recalling"),
    # blood, burns, blasts and blows that hurt nobody
    *("blood {pressure,test,tests,type,donation,donor,donors,drive,orange,oranges,moon,sugar}", "flesh and blood"),
    *("give blood", "bad blood", "{donare,donato,dona} {il,} sangue", "donator{e,i} di sangue", "sangue freddo"),
    *("{donazione,donazioni,esame,esami,analisi,prelievo} {di,del} sangue", "nel sangue", "burn{ed,t} out"),
    *("burn{ed,t} {calories,toast}", "calories burned", "bleeding {edge,love}", "fatal attraction"),
    *("{off the,be,never,easily,got,get} beaten {by,to,track,path}", "off the beaten", "stabbed in the back"),
    *("exploded {with joy,in popularity}", "explosion{,s} of {flavour,flavor,flavours,flavors,colour,color,taste,joy}"),
    *("esplosion{e,i} di {gusto,gioia,sapori,sapore,colori,colore,energia}", "esplos{o,a,i,e} {a ridere,di gioia}"),
    *("rischiato di morire {dal ridere,dalle risate}", "ferit{o,a} {nell'orgoglio,nell'onore}"),
    *("pericolos{o,a,i,e} per la {dieta,linea}", "violent{e,o} temporal{e,i}"),
    # hearts and shows are stolen without a thief
    *("stolen {my heart,the show,the scene,hearts}", "rubat{o,a,i} {il cuore,la scena,il mio cuore,un sorriso}"),
    # so good that it should be forbidden
    *("should be illegal", "{dovrebbe,dovrebbero} essere illegal{e,i}"),
    *("{fare,faccio,facciamo,faremo,fatto} causa comune", "leaked {song,songs,track,tracks,album,trailer,setlist}"),
    *(
        "{album,song,trailer} leaked",
        "blackout {curtain,curtains,blind,blinds,poetry}",
        "tend{a,e} {blackout,black out}",
    ),
    *("{fashion,grammar} police", "lacrime e sangue"),
)

_INFLECTED = re.compile(
    r"(.*(?:at|it|os|ent))[oaie]|(.*ist)[aie]"
)  # participles and adjectives: "truffato", "razzista"


@dataclass(frozen=True, slots=True)
class Severity:
    """``weight`` from 0 (no grave word) to below 1, and what it is for: category and phrase, in the text's order.

    Several categories add up as independent chances do, 1 - (1 - a)(1 - b); several words of one count once.
    """

    weight: float
    reasons: tuple[Found, ...]

    def __bool__(self) -> bool:
        return bool(self.reasons)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories, each once, in the order of the text."""
        return tuple(dict.fromkeys(each.label for each in self.reasons))


_NOTHING = Severity(0.0, ())


@lru_cache(maxsize=1 << 10)
def weight_of(categories: tuple[str, ...]) -> float:
    """How grave a text with words of these categories is: the weight of its `Severity`."""
    left = 1.0
    for category in sorted(set(categories)):
        left *= 1.0 - WEIGHTS.get(category, 0.0)
    return round(1.0 - left, 6)


def severity(folded: str) -> Severity:
    """How grave a text's words are; ``folded`` is what `normalise` gave for it."""
    found = _PHRASES.find(folded)
    if not found:
        return _NOTHING
    return Severity(weight_of(tuple(dict.fromkeys(each.label for each in found))), found)


def _forms(word: str) -> tuple[str, ...]:
    """A word of `GRAVE` with the other genders and numbers of an Italian participle or adjective."""
    match = _INFLECTED.fullmatch(word)
    if match is None or " " in word:
        return (word,)
    return (word, *(f"{match[1] or match[2]}{ending}" for ending in "oaie"))


_PHRASES = Phrases(
    {
        category: (*(form for word in GRAVE[category] for form in _forms(word)), *_MORE.get(category, ()))
        for category in GRAVE
    },
    _HARMLESS,
)

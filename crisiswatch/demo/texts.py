"""What people say about an invented maker of coffee machines, in English and Italian: templates with gaps."""

from __future__ import annotations

__all__ = ["BOT", "CHAPTER_TEXTS", "CHATTER", "FILL", "Lines"]

Lines = tuple[tuple[str, str], ...]
"""Templates as (language, text)."""

FILL = {
    "model": ("One", "Mini", "Duo", "One S", "Duo Plus"),
    "time": ("this morning", "after lunch", "before work", "tonight", "since Monday", "for a week now"),
    "quando": ("stamattina", "dopo pranzo", "prima del lavoro", "stasera", "da lunedì", "da una settimana"),
    "place": ("kitchen", "office", "studio", "shop", "flat"),
    "luogo": ("cucina", "ufficio", "studio", "negozio", "casa"),
    "who": ("my sister", "my dad", "my flatmate", "our trainee", "my neighbour"),
    "chi": ("mia sorella", "mio padre", "la mia coinquilina", "la stagista", "il vicino"),
    "drink": ("espresso", "cappuccino", "flat white", "macchiato", "ristretto"),
}
"""What may stand in each gap."""

CHATTER: dict[str, Lines] = {
    "neutral": (
        ("en", "Does the Ombralta {model} take other capsules? Asking for {who}"),
        ("en", "Second {drink} {time}, Ombralta {model} in the {place}"),
        ("en", "Which grinder goes with an Ombralta {model}?"),
        ("en", "Ombralta {model} or a moka pot for the {place}?"),
        ("en", "@ombralta when do you open the shop in Turin?"),
        ("en", "Setting up the Ombralta {model} in the {place} {time}"),
        ("it", "Qualcuno ha l'Ombralta {model} in {luogo}? Com'è la pressione?"),
        ("it", "Altro {drink} {quando} con l'Ombralta {model}"),
        ("it", "Meglio l'Ombralta {model} o la moka per {chi}?"),
        ("it", "@ombralta a che ora apre il negozio di Torino?"),
    ),
    "positive": (
        ("en", "Love my Ombralta {model}, best {drink} {time}"),
        ("en", "Great {drink} from the Ombralta {model}, thank you {who}"),
        ("en", "The Ombralta {model} in our {place} is wonderful"),
        ("it", "Adoro la mia Ombralta {model}, {drink} perfetto {quando}"),
        ("it", "Grazie a {chi} per l'Ombralta {model}, che bella sorpresa"),
    ),
    "negative": (
        ("en", "My Ombralta {model} is leaking again {time}, so annoying"),
        ("en", "Ombralta delivery is late, disappointed"),
        ("en", "@ombraltacare nobody answers, terrible service {time}"),
        ("en", "The Ombralta {model} makes an awful noise in the {place}"),
        ("en", "Paid a lot for an Ombralta {model} and the {drink} tastes bad"),
        ("it", "L'Ombralta {model} perde acqua {quando}, che delusione"),
        ("it", "@ombraltacare non risponde nessuno, pessimo servizio"),
    ),
}
"""An ordinary day, by mood."""

CHAPTER_TEXTS: dict[str, Lines] = {
    "viral": (
        ("en", "This latte art by the Ombralta barista is amazing, I love it"),
        ("en", "Wow, best video {time}: the dancing Ombralta barista, so good"),
        ("en", "The Ombralta barista made {who} smile, wonderful"),
        ("en", "Beautiful. I want an Ombralta {model} just for the fun of it"),
        ("it", "Il barista di Ombralta che balla è bellissimo"),
        ("it", "Fantastico il video del barista Ombralta, bravo!"),
    ),
    "giveaway": (
        ("en", "Ombralta giveaway: repost and tag {who} for an Ombralta {model}"),
        ("en", "Entered the Ombralta giveaway {time}, {drink} machine for the {place}"),
        ("it", "Giveaway Ombralta: condividi e tagga {chi} per una Ombralta {model}"),
        ("it", "Ho partecipato al giveaway Ombralta {quando}"),
    ),
    "first": (
        ("en", "My Ombralta {model} just sprayed boiling water at me, this is dangerous"),
        ("en", "The lid of my Ombralta {model} blew off {time}. I am shocked and angry, @ombraltacare?"),
        ("it", "Il coperchio dell'Ombralta {model} è saltato {quando}, acqua bollente ovunque"),
    ),
    "crisis": (
        ("en", "Ombralta {model} sprayed boiling water, {who} got burned. Awful"),
        ("en", "Another exploding Ombralta {model}. How is this dangerous thing still sold? Terrible"),
        ("en", "{who} burned a hand on the Ombralta {model} {time}. Horrible, stay away"),
        ("en", "Unplug your Ombralta {model} now, the lid is dangerous, people are hurt"),
        ("en", "Shame on Ombralta: no answer, no recall, angry customers in the {place}"),
        ("en", "I am scared to use my Ombralta {model} after these awful pictures"),
        ("en", "Never again Ombralta. A broken lid and boiling water in the {place}, disgusting"),
        ("en", "@ombralta this is a disaster, say something, people are hurt"),
        ("en", "Has anybody seen the pictures of the Ombralta {model} lid?"),
        ("it", "L'Ombralta {model} ha spruzzato acqua bollente, {chi} con una scottatura. Vergogna"),
        ("it", "Altro coperchio saltato di una Ombralta {model}, pericoloso, staccate la spina"),
        ("it", "@ombralta nessuna risposta? {chi} si è bruciata con la vostra macchina"),
    ),
    "aftermath": (
        ("en", "Ombralta says stop using the {model}. Late, but finally an answer"),
        ("en", "Ombralta recall page works, sent {who} the link"),
        ("en", "Still angry about the Ombralta {model}, awful week"),
        ("en", "Sad that it took people getting hurt, Ombralta"),
        ("it", "Ombralta richiama la {model}: ecco la pagina per il rimborso"),
        ("it", "Almeno Ombralta ha chiesto scusa, {chi} aspetta il rimborso"),
    ),
}
"""What is said in each chapter of the story."""

BOT = "Ombralta is a scam, worst company ever, awful machines, do not buy, see link"
"""One text, copied and pasted by a few accounts."""

"""Words so common, in English or Italian, that one of them alone can't stand for a brand."""

from __future__ import annotations

__all__ = ["COMMON_WORDS"]

_WORDS = """
a abbiamo about acqua adesso after again air all alla alle allora alpha also always amazon america american
amica amico amore an anche and angel anima anno any aperto app apple are area aria arte as asset at auto back
bad bank be beauty because before bella bello bene best better beyond bianco big bit black block blu blue boost
boss box brand bread bright buona buono burger bus but by caffe calcio caldo call can car card care casa caso
centro chance change chase che chi chiaro choice ciao cibo cielo citta city class clean clear click close cloud
club coach coffee cold come company con cool core corner corsa cosa cose cosi crown cuore customer dalla dash
davvero day deal del delivery della delta di dice did direct discover do dolce domani donna dove dream drive due
e early earth easy eat ecco edge energia energy era essere estate even ever every express eye fa facile fairy
famiglia family fare fast fatto fine fiore fire first fit flash flow fly focus food for force forma forte forza
freddo free fresco fresh friend friends from fuel full fun fuoco future futuro galaxy gap general gente get gia
giallo giant gioia giorno giovane give go gold good great green group grow guess gusto happy have he health help
here hero high him his ho home honest honey hope hot house how i icon idea ieri if il impact in indeed insieme
io it italia its jet join joy just key kind king kiss know la lab last later lavoro le leader lei libero libro
life light like line linea link live lo local look loop loro love luce lucky lui luna ma madre magic make male
mamma man mano many mare market mars master max maybe me media meet meglio meno mente mercato meta method metro
mi mia mini mint mio mobile molto monday mondo money monster moon more mother motion musica my national natura
nature need nel nella nero new news next nice nike no noi non noon north nostro not notion notte now nuova nuovo
occhio ocean of off oggi ogni old on one online only open option ora oracle orange oro other our out over own
pace padre page pane paradise park parola part party passo path pay peace peak people per perche persona phone
pianeta piazza piccolo pink piu place planet play plus poco poi point polo post posto power premier prima prime
primo pro pulse punto pure quale quando queen quello quest questa questo qui quick rain rapid re ready real red
regina right ring rise rock root rosa rose rosso round royal run sabato safe sage sai sale salute sangue save
say se secondo see sempre senza sera set shadow shape share shell shine shop si sicuro signal silk simple sky
slack smart smile so social sogno sole solid solo some song sonic sono sorriso sound south space spark spazio
specchio speed spirit sport spring square stage star start state station steam stella stile stone store story
strada stripe style su sua subito summer sun suo super sure sweet swift table take tanto target te team tech
tempo terra thank thanks that the their them then there they thing think this ti tide time titolo to today
together tomorrow too top total touch tower tra track travel tre tree treno true trust try tutti tutto twitch
two uber un una union united unity uno uomo up us use uva va vai value vela vento verde vero verse very via
viaggio view vino virgin visible vision vita vital vivo voce voice volta vuoi want war was watch water wave way
we web week well what when where who why will wind wing wish with wolf wonder word work world worth would year
yellow yes you young your zero zone zoom
"""

COMMON_WORDS = frozenset(_WORDS.split())

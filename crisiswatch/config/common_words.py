"""Words so common, in English or Italian, that one of them alone can't stand for a brand."""

from __future__ import annotations

__all__ = ["COMMON_WORDS"]

COMMON_WORDS = frozenset(
    """
    a about after again air all alpha also always amazon america american an and angel any app apple are area as asset at
    back bad bank be beauty because before best better beyond big bit black block blue boost box boss brand bread bright
    burger bus but by call can car card care chance change chase choice city class clean clear click close cloud club
    coach coffee cold come company cool core corner crown customer dash day deal delivery delta did direct discover do
    dove dream drive early earth easy eat edge energy even ever every express eye fairy family fast fine fire first fit
    flash flow fly focus food for force free fresh friend friends from fuel full fun future galaxy gap general get giant
    give go gold good great green group grow guess happy have he health help here hero high him his home honest honey
    hope hot house how i icon if impact in indeed it its jet join joy just key kind king kiss know lab last later leader
    life light like line link live local look loop love lucky magic make man many market mars master max maybe me media
    meet meta method metro mini mint mobile monday money monster moon more mother motion my national nature need new news
    next nice nike no noon north not notion now ocean of off old on one online only open option oracle orange other our
    out over own pace page paradise park part party path pay peace peak people phone pink place planet play plus point
    polo post power premier prime pro pulse pure queen quest quick rain rapid ready real red right ring rise rock root
    rose round royal run safe sage sale save say see set shadow shape share shell shine shop signal silk simple sky slack
    smart smile so social solid some song sonic sound south space spark speed spirit sport spring square stage star start
    state station steam stone store story stripe style summer sun super sure sweet swift table take target team tech
    thank thanks that the their them then there they thing think this tide time to today together tomorrow too top total
    touch tower track travel tree true trust try twitch two uber union unity united up us use value verse very view
    virgin vision visible vital voice want war was watch water wave way we web week well what when where who why will wind
    wing wish with wolf wonder word work world worth would year yellow yes you young your zero zone zoom
    abbiamo acqua adesso alla alle allora amica amico amore anche anima anno aperto aria arte auto bella bello bene bianco
    blu buona buono calcio caldo caso casa caffe centro che chi chiaro cibo cielo ciao citta come con corsa cosa cose cosi
    cuore dalla davvero del della di dice dolce domani donna dove due e ecco energia era essere estate fa facile famiglia
    fare fatto fiore forma forte forza freddo fresco fuoco futuro gente gia giallo gioia giorno giovane gusto ho idea ieri
    il insieme io italia la lavoro le lei libero libro linea lo loro luce lui luna ma madre male mamma mano mare meglio
    meno mente mercato mi mia mio mondo molto musica natura nel nella nero no noi non nostro notte nuova nuovo occhio oggi
    ogni oro ora pace padre pane parola passo per perche persona pianeta piazza piccolo piu poco poi posto prima primo
    punto pure quale quando quello questa questo qui re regina rosa rosso sabato sai salute sangue se secondo sempre senza
    sera si sicuro sogno solo sole sono sorriso spazio specchio stella strada stile su sua subito suo tanto te tempo terra
    ti titolo tra treno tre tutti tutto un una uno uomo uva va vai vela vento verde vero via viaggio vino vita vivo voce
    volta vuoi
    """.split()
)

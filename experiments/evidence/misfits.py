"""Where the model is known to be wrong or to rest on disputed findings; to be shown, never hidden."""

KNOWN_MISFITS = (
    "H1: over all first failures that are complained about, even the best recovery leaves satisfaction somewhat "
    "below that of the same customers spared the failure, where de Matos, Henrique & Rossi (2007) "
    "find it above on average. The model has the paradox after mild failures alone (C12).",
    "H4: a customer recovered as well as can be tells many more good stories than one who was never "
    "failed, where the same meta-analysis finds no difference. It follows from the 17 to whom a "
    "quick recovery is told (C5), which is why every ranking is to be run with 8 as well: the gain is "
    "then less than half as large, and still a gain. Without any it is a loss.",
    "H16: compensation adds to complaint satisfaction whatever the process is like, and after an "
    "answer both late and without apology as much as elsewhere. Wirtz & Mattila (2004) find that it "
    "adds nothing there. The sign that H16 asks for is met by a hair, the finding is not.",
    "H18: those who complain in vain but are politely answered intend to come back more often than "
    "the silent, as in TARP's table, to which the model is fitted (C2). The Rage study of 2013 "
    "disputes it, and that of 2015 finds the reverse. An answer that insults leaves a customer "
    "below silence here too (H23).",
    "H19, H20: the levels that the National Customer Rage Study reports for money alone and for "
    "money together with an apology are not reproduced: the apology does more here.",
    "H21: that compensation has a threshold at about 80% of the price, from which a customer is more "
    "satisfied than before (Edström et al. 2022), is met only near severity 0.2. After a failure of "
    "mean severity no sum does that.",
    "H28: NPS of customers tells growth better than NPS among all who know the firm, where Baehre et "
    "al. (2021) find the reverse.",
    "No study is known behind the 17 to whom a quick recovery is told. The number is met by an "
    "answer at once; told of an answer after a day are 13 to 15, outside the band.",
)
"""One sentence or a few each; those that are findings held out and missed begin with their ids."""

UNTESTED = (
    "That service recovery pays most where a firm learns from it (Johnston & Michel 2008): the model "
    "can learn (`service.learning`), but no study says how fast, so that any answer would be the "
    "assumption given back.",
    "That a failed customer won back by an exceptional answer can grow into a far larger one "
    "(practitioner article): customers here do not change how often they come.",
    "That the dissatisfied switch first of all because they feel unappreciated (practitioner "
    "article): reasons for leaving are not told apart.",
)
"""Findings that the model cannot be held against, and why."""

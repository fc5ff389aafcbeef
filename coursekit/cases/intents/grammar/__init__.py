"""The grammar behind the generated queries: phrases, slots, endings, particles and noise.

What people say is text, not code: ``phrases/`` holds one file an intent, in which each
unindented line begins a family of paraphrases, and ``slots/`` holds what fills their gaps.
The notation is explained in ``template.py``; the modules here conjugate, inflect and spoil.
"""

from coursekit.cases.intents.grammar.endings import MOODS, REGIONS, Ending
from coursekit.cases.intents.grammar.families import Family, load_families
from coursekit.cases.intents.grammar.hangul import add_final, attach, decompose, ends_in_consonant
from coursekit.cases.intents.grammar.noise import FILLERS, add_filler, add_typo, spoil_spacing
from coursekit.cases.intents.grammar.register import speak_formally
from coursekit.cases.intents.grammar.stream import RandomStream
from coursekit.cases.intents.grammar.template import Rendering, Template
from coursekit.cases.intents.grammar.verbs import conjugate

__all__ = [
    "FILLERS",
    "MOODS",
    "REGIONS",
    "Ending",
    "Family",
    "RandomStream",
    "Rendering",
    "Template",
    "add_filler",
    "add_final",
    "add_typo",
    "attach",
    "conjugate",
    "decompose",
    "ends_in_consonant",
    "load_families",
    "speak_formally",
    "spoil_spacing",
]

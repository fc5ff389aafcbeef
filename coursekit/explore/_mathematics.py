"""Formulas of a lecture as MathML, which browsers draw by themselves; anything unknown stays readable TeX."""

from __future__ import annotations

import html
import re

_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\d+(?:\.\d+)?|[^\s]", re.DOTALL)


def _pairs(table: str) -> dict[str, str]:
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_LETTERS = _pairs("""
    alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ
    mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω
    infty ∞ partial ∂ nabla ∇ ell ℓ emptyset ∅ hbar ℏ
""")
_OPERATORS = _pairs("""
    le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈ sim ∼ simeq ≃ equiv ≡ propto ∝ ll ≪ gg ≫
    times × cdot ⋅ div ÷ pm ± mp ∓ circ ∘ ast ∗ star ⋆ oplus ⊕ otimes ⊗ int ∫ top ⊤ prime ′
    in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ setminus ∖ forall ∀ exists ∃ neg ¬ land ∧ lor ∨
    to → rightarrow → leftarrow ← Rightarrow ⇒ Leftrightarrow ⇔ mapsto ↦ mid ∣ parallel ∥ perp ⟂
    ldots … cdots ⋯ dots … vdots ⋮ colon :
    lvert | rvert | vert | lVert ‖ rVert ‖ Vert ‖ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ langle ⟨ rangle ⟩
""")
_ESCAPED = {"\\{": "{", "\\}": "}", "\\|": "‖", "\\%": "%", "\\$": "$", "\\&": "&", "\\_": "_", "\\#": "#"}
_BIG = {"\\sum": "∑", "\\prod": "∏", "\\bigcup": "⋃", "\\bigcap": "⋂"}
_NAMES = "log ln exp sin cos tan max min sup inf lim arg det dim Pr argmax argmin Var Cov"
_NAMED = set(_NAMES.split())
_UNDER = {"max", "min", "sup", "inf", "lim", "argmax", "argmin", "Pr"}
_ACCENTS = {"hat": "^", "widehat": "^", "bar": "‾", "overline": "‾", "tilde": "~", "vec": "→", "dot": "˙"}
_SPACES = {"\\,": 0.17, "\\:": 0.22, "\\;": 0.28, "\\!": -0.17, "\\ ": 0.25, "\\quad": 1.0, "\\qquad": 2.0}
_SIZES = {"\\big", "\\Big", "\\bigg", "\\Bigg", "\\bigl", "\\bigr", "\\Bigl", "\\Bigr", "\\displaystyle", "\\limits"}
_FENCES = {"cases": ("{", ""), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "vmatrix": ("|", "|")}
_TABLES = {*_FENCES, "matrix", "aligned", "align", "align*", "array", "gathered", "split"}
# capital, small letter, digit: where the alphabets of mathematics begin in Unicode
_ALPHABETS = {
    "mathbb": (0x1D538, 0x1D552, 0x1D7D8),
    "mathcal": (0x1D49C, 0x1D4B6, 0),
    "mathbf": (0x1D400, 0x1D41A, 0x1D7CE),
}
_ALPHABETS["boldsymbol"] = _ALPHABETS["mathbf"]
_HOLES = {
    **{("mathbb", c): h for c, h in zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)},
    **{("mathcal", c): h for c, h in zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)},
}


class _UnknownTex(Exception):
    """A command that this page cannot draw."""


def formula_html(tex: str, *, display: bool) -> str:
    """One formula: MathML, or the TeX itself where it uses more than is known here."""
    kind = ' class="coursekit-math display"' if display else ' class="coursekit-math"'
    try:
        inside = _Parser(tex, display).formula()
    except _UnknownTex:
        tag = "div" if display else "span"
        return f"<{tag}{kind}><code>{html.escape(tex.strip())}</code></{tag}>"
    if not display:
        return f"<math{kind}><mrow>{inside}</mrow></math>"
    return f'<div{kind}><math display="block"><mrow>{inside}</mrow></math></div>'


class _Parser:
    """Recursive descent over TeX tokens; each method returns MathML."""

    def __init__(self, tex: str, display: bool) -> None:
        # text in braces keeps its spaces, so it is cut out before the tokens lose theirs
        self._texts: list[str] = []
        tex = re.sub(r"\\(?:text|textrm|textbf|mbox)\s*\{([^{}]*)\}", self._keep, tex)
        self._tokens = _TOKEN.findall(tex)
        self._at = 0
        self._display = display

    def _keep(self, match: re.Match[str]) -> str:
        self._texts.append(match.group(1))
        return f"\ue000{len(self._texts) - 1} "

    def formula(self) -> str:
        inside = self._row(set())
        if self._at < len(self._tokens):
            raise _UnknownTex(self._tokens[self._at])
        return inside

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise _UnknownTex("the formula ends too early")
        self._at += 1
        return token

    def _row(self, end: set[str]) -> str:
        parts = []
        while self._peek() and self._peek() not in end and self._peek() != "}":
            parts.append(self._scripted())
        return "".join(parts)

    def _group(self) -> str:
        """What an argument holds: braces, or the next atom alone."""
        if self._peek() != "{":
            return self._atom()[0]
        self._next()
        inside = self._row(set())
        if self._next() != "}":
            raise _UnknownTex("a brace is not closed")
        return f"<mrow>{inside}</mrow>"

    def _scripted(self) -> str:
        base, under = self._atom()
        below = above = ""
        while self._peek() in ("_", "^", "'", "\\limits"):
            token = self._next()
            if token == "_":
                below = self._group()
            elif token == "^":
                above += self._group()
            elif token == "'":
                above += "<mo>′</mo>"
        if above:
            above = f"<mrow>{above}</mrow>"
        names = ("munder", "mover", "munderover") if under and self._display else ("msub", "msup", "msubsup")
        if below and above:
            return f"<{names[2]}>{base}{below}{above}</{names[2]}>"
        if below:
            return f"<{names[0]}>{base}{below}</{names[0]}>"
        return f"<{names[1]}>{base}{above}</{names[1]}>" if above else base

    def _atom(self) -> tuple[str, bool]:
        """The next atom, and whether its limits stand under and over it."""
        token = self._peek()
        if token == "{":
            return self._group(), False
        self._next()
        if token == "\ue000":
            return f"<mtext>{html.escape(self._texts[int(self._next())])}</mtext>", False
        if token in _BIG:
            return f"<mo>{_BIG[token]}</mo>", True
        if token in _ESCAPED:
            return f"<mo>{html.escape(_ESCAPED[token])}</mo>", False
        if token in _SPACES:
            return f'<mspace width="{_SPACES[token]}em"/>', False
        if token in _SIZES:
            return "", False
        if token.startswith("\\"):
            return self._command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>", False
        if token in "^_&}":
            raise _UnknownTex(token)
        if token.isalpha():
            return f"<mi>{token}</mi>", False
        return f"<mo>{html.escape({'-': '−', '*': '∗'}.get(token, token))}</mo>", False

    def _command(self, name: str) -> tuple[str, bool]:
        if name in _LETTERS:
            return f"<mi>{_LETTERS[name]}</mi>", False
        if name in _OPERATORS:
            return f"<mo>{html.escape(_OPERATORS[name])}</mo>", False
        if name in _NAMED:
            return f"<mi>{name}</mi>", name in _UNDER
        if name in ("frac", "tfrac", "dfrac"):
            return f"<mfrac>{self._group()}{self._group()}</mfrac>", False
        if name == "binom":
            inside = f'<mfrac linethickness="0">{self._group()}{self._group()}</mfrac>'
            return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>", False
        if name == "sqrt":
            return f"<msqrt>{self._group()}</msqrt>", False
        if name in _ACCENTS:
            return f'<mover accent="true">{self._group()}<mo>{_ACCENTS[name]}</mo></mover>', False
        if name in ("mathrm", "operatorname", "operatorname*", "mathit", "mathsf"):
            return f'<mi mathvariant="normal">{self._word()}</mi>', name.endswith("*")
        if name in _ALPHABETS:
            return f"<mi>{''.join(self._styled(name, letter) for letter in self._word())}</mi>", False
        if name == "left":
            return self._fenced(), False
        if name == "begin":
            return self._table(), False
        raise _UnknownTex(name)

    def _word(self) -> str:
        """Plain letters in braces, for a name."""
        if self._peek() != "{":
            return html.escape(self._next())
        self._next()
        letters = []
        while self._peek() != "}":
            token = self._next()
            if token.startswith("\\") or token in "{}^_&":
                raise _UnknownTex(token)
            letters.append(token)
        self._next()
        return html.escape("".join(letters))

    @staticmethod
    def _styled(alphabet: str, letter: str) -> str:
        if (alphabet, letter) in _HOLES:
            return _HOLES[alphabet, letter]
        capital, small, digit = _ALPHABETS[alphabet]
        if "A" <= letter <= "Z":
            return chr(capital + ord(letter) - ord("A"))
        if "a" <= letter <= "z":
            return chr(small + ord(letter) - ord("a"))
        return chr(digit + int(letter)) if letter.isascii() and letter.isdigit() and digit else letter

    def _delimiter(self) -> str:
        token = self._next()
        shown = _ESCAPED.get(token) or _OPERATORS.get(token.removeprefix("\\")) or ("" if token == "." else token)
        return f'<mo fence="true" stretchy="true">{html.escape(shown)}</mo>' if shown else ""

    def _fenced(self) -> str:
        parts = [self._delimiter(), self._row({"\\right", "\\middle"})]
        while self._peek() == "\\middle":
            self._next()
            parts += [self._delimiter(), self._row({"\\right", "\\middle"})]
        if self._next() != "\\right":
            raise _UnknownTex("\\left without \\right")
        return f"<mrow>{''.join(parts)}{self._delimiter()}</mrow>"

    def _table(self) -> str:
        name = self._word()
        if name not in _TABLES:
            raise _UnknownTex(name)
        if name == "array":
            self._group()
        rows, cells = [], []
        end = {"&", "\\\\", "\\end"}
        while True:
            cells.append(f"<mtd>{self._row(end)}</mtd>")
            token = self._next()
            if token == "&":
                continue
            rows.append(f"<mtr>{''.join(cells)}</mtr>")
            cells = []
            if token == "\\end":
                break
        if self._word() != name:
            raise _UnknownTex(f"\\end of another environment than {name}")
        align = ' columnalign="left"' if name == "cases" else ' columnalign="right left"' if "align" in name else ""
        left, right = (
            f'<mo fence="true">{html.escape(mark)}</mo>' if mark else "" for mark in _FENCES.get(name, ("", ""))
        )
        return f"<mrow>{left}<mtable{align}>{''.join(rows)}</mtable>{right}</mrow>"

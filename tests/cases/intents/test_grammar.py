"""Is the generated Korean correct: conjugation, particles, numbers, typing?"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.cases.intents.grammar import (
    FILLERS,
    MOODS,
    REGIONS,
    RandomStream,
    Template,
    add_filler,
    add_final,
    add_typo,
    attach,
    conjugate,
    decompose,
    load_families,
    speak_formally,
    spoil_spacing,
)
from coursekit.cases.intents.grammar.endings import choose_ending
from coursekit.cases.intents.grammar.hangul import PARTICLES, compose, final_of
from coursekit.cases.intents.grammar.noise import keystrokes, typed
from coursekit.cases.intents.grammar.numerals import money, native, sino

syllables = st.integers(0xAC00, 0xD7A3).map(chr)
hangul = st.text(syllables, min_size=1, max_size=8)
seeds = st.integers(0, 10_000)

# stem: infinitive, past, before 으, -ㄴ/-는, -ㄹ, before 니다, plain; from a grammar of the language
CONJUGATION = {
    "가": ("가", "갔", "가", "가는", "갈", "갑", "간다"),
    "오": ("와", "왔", "오", "오는", "올", "옵", "온다"),
    "하": ("해", "했", "하", "하는", "할", "합", "한다"),
    "알리": ("알려", "알렸", "알리", "알리는", "알릴", "알립", "알린다"),
    "틀": ("틀어", "틀었", "틀", "트는", "틀", "틉", "튼다"),
    "듣": ("들어", "들었", "들으", "듣는", "들을", "듣습", "듣는다"),
    "걷": ("걸어", "걸었", "걸으", "걷는", "걸을", "걷습", "걷는다"),
    "닫": ("닫아", "닫았", "닫으", "닫는", "닫을", "닫습", "닫는다"),
    "춥": ("추워", "추웠", "추우", "추운", "추울", "춥습", "춥다"),
    "입": ("입어", "입었", "입으", "입는", "입을", "입습", "입는다"),
    "짓": ("지어", "지었", "지으", "짓는", "지을", "짓습", "짓는다"),
    "씻": ("씻어", "씻었", "씻으", "씻는", "씻을", "씻습", "씻는다"),
    "고르": ("골라", "골랐", "고르", "고르는", "고를", "고릅", "고른다"),
    "부르": ("불러", "불렀", "부르", "부르는", "부를", "부릅", "부른다"),
    "들르": ("들러", "들렀", "들르", "들르는", "들를", "들릅", "들른다"),
    "끄": ("꺼", "껐", "끄", "끄는", "끌", "끕", "끈다"),
    "잠그": ("잠가", "잠갔", "잠그", "잠그는", "잠글", "잠급", "잠근다"),
    "맵": ("매워", "매웠", "매우", "매운", "매울", "맵습", "맵다"),
    "어떻": ("어때", "어땠", "어떠", "어떤", "어떨", "어떻습", "어떻다"),
    "되": ("돼", "됐", "되", "되는", "될", "됩", "된다"),
    "나누": ("나눠", "나눴", "나누", "나누는", "나눌", "나눕", "나눈다"),
    "보내": ("보내", "보냈", "보내", "보내는", "보낼", "보냅", "보낸다"),
    "있": ("있어", "있었", "있으", "있는", "있을", "있습", "있다"),
    "멀": ("멀어", "멀었", "멀", "먼", "멀", "멉", "멀다"),
    "많": ("많아", "많았", "많으", "많은", "많을", "많습", "많다"),
    "돕": ("도와", "도왔", "도우", "돕는", "도울", "돕습", "돕는다"),
    "쉬": ("쉬어", "쉬었", "쉬", "쉬는", "쉴", "쉽", "쉰다"),
}
FORMS = ("infinitive", "past", "eu", "n", "l", "m", "plain")


@pytest.mark.parametrize("stem", CONJUGATION)
def test_stems_conjugate_as_in_the_grammar_book(stem):
    assert tuple(conjugate(stem, form) for form in FORMS) == CONJUGATION[stem]


def test_a_past_stem_is_not_put_into_the_past_again():
    assert conjugate("얼마나 남았", "past") == "얼마나 남았"
    assert conjugate("났", "infinitive") == "났어"


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="unknown form"):
        conjugate("가", "future")


@pytest.mark.parametrize(
    ("mood", "base", "text"),
    [
        ("req", "알리", "알려줘"),
        ("req", "알림 주", "알림 줘"),
        ("q", "춥", "추워"),
        ("wh", "어떻", "어때"),
        ("fut", "오", "올까"),
        ("copwh", "뭐", "뭐야"),
        ("copwh", "몇 퍼센트", "몇 퍼센트야"),
        ("cop", "생일", "생일이야"),
        ("should", "챙기", "챙겨야 할까"),
        ("want", "듣", "듣고 싶어"),
        ("lets", "먹", "먹자"),
    ],
)
def test_the_usual_ending_is_among_those_chosen(mood, base, text):
    stream = RandomStream(0)
    said = Counter(choose_ending(mood, base, stream, level="informal").attach(base) for _ in range(300))
    assert said[text] >= 20


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("region", ["", *REGIONS])
@pytest.mark.parametrize("level", ["formal", "informal"])
def test_every_mood_has_endings_for_everyone(mood, region, level):
    stream = RandomStream(1)
    for base in ("뭐", "날씨", "생일") if mood in {"cop", "copwh", "is"} else ("틀", "춥", "가", "먹", "어떻", "있"):
        for _ in range(40):
            text = choose_ending(mood, base, stream, level=level, region=region).attach(base)
            assert all("가" <= letter <= "힣" or letter == " " for letter in text), text


def test_giving_verbs_have_no_bare_imperative():
    stream = RandomStream(2)
    said = {choose_ending("req", "알리", stream, level="informal").attach("알리") for _ in range(2000)}
    assert not said & {"알려", "알려라", "알려봐"}


@given(syllables)
def test_syllables_come_apart_and_together(syllable):
    assert compose(*decompose(syllable)) == syllable


@given(hangul, st.sampled_from(sorted(PARTICLES)))
def test_particles_follow_the_last_sound(noun, particle):
    closed, open_ = PARTICLES[particle]
    final = decompose(noun[-1])[2]
    short = not final or (particle == "로" and final == "ㄹ")
    assert attach(noun, particle) == noun + (open_ if short else closed)


@pytest.mark.parametrize(("text", "final"), [("KT", ""), ("10", "ㅇ"), ("7", "ㄹ"), ("5", ""), ("SSG?", "")])
def test_digits_and_letters_are_heard(text, final):
    assert final_of(text) == final


def test_a_closed_syllable_takes_no_second_final():
    with pytest.raises(ValueError, match="already ends"):
        add_final("먹", "ㄹ")


def _read_sino(text: str) -> int:
    """Read the number back, digit by digit: the oracle for `sino`."""
    digits = {name: value for value, name in enumerate("영일이삼사오육칠팔구")}
    units = {"십": 10, "백": 100, "천": 1000}
    total = part = digit = 0
    for letter in text.replace(" ", ""):
        if letter in digits:
            digit = digits[letter]
        elif letter == "만":
            total, part, digit = (part + digit or 1) * 10_000, 0, 0
        else:
            part, digit = part + (digit or 1) * units[letter], 0
    return total + part + digit


@given(st.integers(0, 99_999_999))
def test_numbers_in_words_read_back(number):
    assert _read_sino(sino(number)) == number


def test_native_numbers_are_all_different_and_end_at_99():
    assert len({native(number) for number in range(1, 100)}) == 99
    with pytest.raises(ValueError):
        native(100)


@given(st.integers(1, 9999).map(lambda hundreds: hundreds * 100))
def test_money_in_words_is_the_same_amount(won):
    assert _read_sino(money(won, "words").removesuffix("원")) == won
    assert money(won, "comma").replace(",", "") == money(won, "digits")


@given(st.text(st.one_of(syllables, st.sampled_from(" 7a?")), max_size=12))
def test_typing_a_text_gives_the_text(text):
    """Taken apart into keys and composed as a keyboard does, composed Korean comes back."""
    assert typed(keystrokes(text)) == text


@given(hangul, seeds)
def test_a_typo_keeps_the_length_near(text, seed):
    """At most two slips, each of one key or one common misspelling (two syllables at most)."""
    spoilt = add_typo(text, RandomStream(seed))
    assert spoilt.strip()
    assert abs(len(keystrokes(spoilt)) - len(keystrokes(text))) <= 8


@given(st.lists(hangul, min_size=1, max_size=6).map(" ".join), seeds)
def test_bad_spacing_moves_nothing_but_spaces(text, seed):
    assert spoil_spacing(text, RandomStream(seed)).replace(" ", "") == text.replace(" ", "")


@given(st.lists(hangul, min_size=1, max_size=6).map(" ".join), seeds)
def test_a_filler_is_added_and_nothing_taken(text, seed):
    longer = add_filler(text, RandomStream(seed)).split()
    assert len(longer) > len(text.split())
    assert Counter(text.split()) <= Counter(longer)


def test_fillers_are_unique():
    assert len(set(FILLERS)) == len(FILLERS)


def test_polite_speech_chooses_polite_words():
    said = {speak_formally("내가 엄마한테 보낸 카톡 읽어주세요", RandomStream(seed)) for seed in range(200)}
    assert {text.split()[0] for text in said} == {"제가", "내가"}
    assert any("어머니에게" in text for text in said)


@pytest.mark.parametrize("source", ["(가|나", "가)", "[가", "<가; 나", "가/nosuchmood", "/req", "{가"])
def test_broken_phrases_are_refused_when_read(source):
    with pytest.raises(ValueError, match=r"missing|not opened|no mood|cannot read"):
        Template(source)


def test_parts_move_but_all_are_said():
    stream = RandomStream(0)
    said = {Template("<가; 나; 다> 라").render(stream, level="informal").text for _ in range(300)}
    assert len(said) == 6
    assert all(sorted(text.split()) == ["가", "나", "다", "라"] for text in said)


def test_a_phrase_without_ending_is_a_fragment_and_an_ending_tells_the_level():
    assert Template("내일 날씨").render(RandomStream(0), level="formal").speech_level == "fragment"
    for level in ("formal", "informal"):
        assert Template("날씨 알리/req").render(RandomStream(0), level=level).speech_level == level


def test_a_dropped_verb_leaves_no_particle_behind():
    stream = RandomStream(0)
    said = [Template("내일 날씨~를! 알리/req?").render(stream, level="informal") for _ in range(300)]
    fragments = {rendering.text for rendering in said if rendering.speech_level == "fragment"}
    assert fragments == {"내일 날씨", "내일 날씨 좀"} or fragments == {"내일 날씨를", "내일 날씨를 좀"}


def test_every_phrase_of_every_family_can_be_said():
    """Each family, often enough to pass through its variants, at both levels and in all regions."""
    stream = RandomStream(7)
    for families in load_families().values():
        for family in families:
            for _ in range(12):
                said = family.template.render(
                    stream, level=stream.pick(("formal", "informal")), region=stream.pick(("", *REGIONS))
                )
                assert said.text.strip(), family.group
                assert not set(said.text) & set("{}[]()<>|;#_"), (family.group, said.text)


def test_names_of_families_are_unique():
    names = [family.group for families in load_families().values() for family in families]
    assert len(set(names)) == len(names)


@given(seeds)
def test_the_stream_stays_in_range(seed):
    stream = RandomStream(seed)
    assert 0 <= stream.uniform() < 1
    assert 0 <= stream.below(3) < 3
    assert sorted(stream.shuffled("abc")) == ["a", "b", "c"]
    assert stream.weighted("ab", (0.0, 1.0)) == "b"

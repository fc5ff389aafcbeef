"""Hidden checks of lab 1, never released: seeds that no student has seen, and what must hold on them."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd

from coursekit.cases.intents import gain_over_rules
from coursekit.classroom.judging import require


def check_keyword(student):
    """The order of the list decides: reversed rules, no rules, and tables of made-up words."""
    keyword_intent = student.keyword_intent.returns(str)
    reversed_rules = [("뉴스", "news"), ("날씨", "weather")]
    require(
        keyword_intent("날씨 관련 뉴스 들려줘", reversed_rules) == "news",
        "규칙 목록의 순서를 바꾸어도 답이 따라 바뀌지 않습니다. rules를 읽고 있는지 확인하세요.",
    )
    require(keyword_intent("내일 날씨", []) == "out_of_scope", "규칙이 하나도 없으면 범위 밖이어야 합니다.")
    dice = random.Random(20260301)
    syllables = ["가나", "다라", "마바", "사아", "자차", "카타", "파하", "나 다"]
    for _ in range(200):
        chosen = dice.sample(syllables, dice.randint(1, 5))
        table = [(word, f"intent_{syllables.index(word)}") for word in chosen]
        sentence = " ".join(word + dice.choice(["", "를", "은"]) for word in dice.sample(syllables, 3))
        wanted = next((meant for word, meant in table if word in sentence), "out_of_scope")
        require(
            keyword_intent(sentence, table) == wanted,
            "처음 보는 규칙 목록에서 우선순위가 어긋납니다. 질의 안의 위치가 아니라 목록의 순서를 따르세요.",
        )


def check_ngrams(student):
    """Texts shorter than n, letters that repeat, and random texts."""
    ngram_counts = student.ngram_counts.returns(dict)
    require(ngram_counts("비", 2, 3) == {}, "질의가 n보다 짧으면 그 길이의 n-gram은 없어야 합니다.")
    require(ngram_counts("ㅋㅋㅋㅋ", 2, 3).get("ㅋㅋ") == 3, "서로 겹치는 n-gram도 각각 세어야 합니다.")
    dice = random.Random(20260302)
    for _ in range(100):
        line = "".join(dice.choice("가나다 ㅋ") for _ in range(dice.randint(1, 12)))
        low = dice.randint(1, 3)
        high = low + dice.randint(0, 2)
        answer = ngram_counts(line, low, high)
        windows = [line[i : i + n] for n in range(low, high + 1) for i in range(len(line) - n + 1)]
        # L characters hold exactly max(0, L - n + 1) n-grams; sums of integers need no tolerance.
        require(sum(answer.values()) == len(windows), "n-gram 횟수의 합이 글자 수와 맞지 않습니다.")
        require(all(answer.get(gram) == windows.count(gram) for gram in windows), "n-gram별 횟수가 정의와 다릅니다.")


def check_split(student):
    """Groups of very different sizes in mixed order, and sixty seeds."""
    # Five groups of 20 rows and 100 of one row. Adding groups until the target is reached overshoots
    # by less than the last group; stopping before falls short by less: 20 rows are the limit. Drawing
    # 25% of the groups breaks it with no large group drawn or three and more; the chance that 60 draws
    # all avoid that is below 1e-8.
    labels = np.array([f"big-{i // 20}" for i in range(100)] + [f"single-{i}" for i in range(100)])
    labels = labels[np.random.default_rng(20260303).permutation(200)].tolist()
    tested = set()
    for trial in range(60):
        halves = student.split_by_group.returns(tuple | list)(labels, 0.25, trial)
        train_part, test_part = map(list, halves)
        require(sorted(train_part + test_part) == list(range(200)), "행이 빠지거나 두 번 들어간 분할이 있습니다.")
        test_names = {labels[row] for row in test_part}
        require(not test_names & {labels[row] for row in train_part}, "섞인 순서에서 같은 그룹이 양쪽에 나뉩니다.")
        require(
            abs(len(test_part) - 50) <= 20,
            "그룹의 크기가 제각각이면 평가용이 너무 크거나 작아집니다. 그룹의 수가 아니라 행의 수로 비율을 맞추세요.",
        )
        tested |= test_names
    # One split for all seeds tests 70 rows and so 70 groups at most. If each group is drawn with a
    # chance of only 5%, 105 * 0.95**60 = 5 groups are never drawn in 60: 75 is far from both.
    require(len(tested) > 75, "seed를 바꾸어도 평가용으로 뽑히는 그룹이 바뀌지 않습니다.")


def check_recall(student):
    """Intents that are never predicted or never true, and random answers."""
    recall_by_intent = student.recall_by_intent.returns(dict)
    missed = recall_by_intent(["timer", "news"], ["news", "news"])
    require(
        "timer" in missed,
        "한 번도 예측되지 않은 의도가 표에서 사라졌습니다. 가장 나쁜 의도가 보이지 않게 됩니다.",
    )
    require(missed["timer"] == 0, "하나도 찾아내지 못한 의도의 재현율은 0이어야 합니다.")
    require(
        set(recall_by_intent(["news", "news"], ["news", "timer"])) == {"news"},
        "실제로는 없던 의도의 재현율은 정의되지 않습니다. 표에 넣지 마세요.",
    )
    chance = np.random.default_rng(20260304)
    names = np.array(["weather", "news", "music", "alarm", "out_of_scope"])
    for _ in range(30):
        truth = names[chance.choice(5, 80, p=[0.4, 0.3, 0.2, 0.05, 0.05])]
        answer = names[chance.integers(5, size=80)]
        result = recall_by_intent(truth.tolist(), answer.tolist())
        require(set(result) == set(truth.tolist()), "표의 의도가 실제로 나온 의도와 다릅니다.")
        # One division is rounded by about 1e-16.
        require(
            all(abs(result[name] - np.mean(answer[truth == name] == name)) < 1e-9 for name in result),
            "무작위 답안에서 재현율이 정의와 다릅니다.",
        )


def check_slice(student):
    """Slices that are too small, slices of exactly the least size, and random answers."""
    asked, replied = ["news"] * 12, ["news"] * 7 + ["music"] * 5
    views = {"앞": [i < 8 for i in range(12)], "뒤": [i >= 8 for i in range(12)], "끝": [i == 11 for i in range(12)]}
    views["가운데"] = [6 <= i < 11 for i in range(12)]
    require(
        student.worst_slice(asked, replied, {**views, "뒤": [False] * 12}, 5) == "가운데",
        "행이 min_rows보다 적은 슬라이스를 골랐거나, 꼭 min_rows인 슬라이스를 뺐습니다.",
    )
    require(student.worst_slice(asked, replied, views, 100) is None, "셀 슬라이스가 없으면 None이어야 합니다.")
    chance = np.random.default_rng(20260305)
    for _ in range(30):
        hit = chance.random(90) < 0.6
        masks = {f"slice_{k}": chance.random(90) < 0.1 + 0.2 * k for k in range(4)}
        scores = {name: hit[mask].mean() for name, mask in masks.items() if mask.sum() >= 12}
        given = {name: mask.tolist() for name, mask in masks.items()}
        picked = student.worst_slice(["a"] * 90, np.where(hit, "a", "b").tolist(), given, 12)
        # Of slices with equal accuracy each is right; they differ by the rounding of a division.
        require(picked in scores, "행이 너무 적은 슬라이스나 없는 슬라이스를 골랐습니다.")
        require(scores[picked] <= min(scores.values()) + 1e-9, "더 나쁜 슬라이스가 남아 있습니다.")


def check_model_learns(student):
    """Intents and letters of another world: what is known can only come from the data."""
    dice = random.Random(20260306)
    words = {"a": ["가나", "나다", "다가"], "b": ["모보", "보소", "소모"], "c": ["크트", "트프", "프크"]}
    lessons = [(" ".join(dice.choices(words[name], k=3)), name) for name in words for _ in range(40)]
    dice.shuffle(lessons)
    exam = [(" ".join(dice.choices(words[name], k=4)), name) for name in words for _ in range(20)]
    learned = student.fit_model.opaque([text for text, _ in lessons], [name for _, name in lessons])
    marks = _predictions(student, learned, [text for text, _ in exam])
    # The three intents share no letter. Guessing gets 54 or more of 60 with a chance below 1e-18.
    require(
        sum(mark == name for mark, (_, name) in zip(marks, exam, strict=True)) >= 54,
        "처음 보는 의도 이름과 글자로 학습시키면 배우지 못합니다. 답이 데이터가 아니라 코드에 적혀 있지 않은지 보세요.",
    )
    alone = [_predictions(student, learned, [text])[0] for text, _ in exam]
    require(alone == marks, "같은 질의인데 함께 물은 다른 질의에 따라 답이 달라집니다.")
    for name in words:
        essay = " ".join(dice.choices(words[name], k=300))
        require(
            _predictions(student, learned, [essay]) == [name],
            "질의가 아주 길면 답이 무너집니다. 작은 확률을 여러 번 곱하고 있지 않은지 보세요.",
        )


def check_model_unseen(student):
    """Better than the rules on two sets of queries that nobody has seen."""

    def predict(model, texts):
        return _predictions(student, model, texts)

    trials = np.array([gain_over_rules(student.fit_model.opaque, predict, seed=seed) for seed in (31, 47)])
    gain, standard_error = trials.mean(axis=0)
    # Both sets come from the same phrases, so they are not independent; still the error of the mean is
    # at most the mean of the errors. Without a difference, three of these are passed in 0.1% or less.
    require(gain > 3 * standard_error, "처음 보는 질의에서는 기초선보다 낫다고 할 수 없습니다.")


def _predictions(student, model, texts):
    predict = student.predict_model.returns(list | tuple | np.ndarray | pd.Series | pd.Index)
    answers = list(predict(model, texts))
    require(len(answers) == len(texts), "질의마다 의도가 하나씩 있어야 합니다.")
    return answers

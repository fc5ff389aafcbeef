"""표본(기준=0.90, 차이=0.02, 유의수준=0.05, 검정력=0.8) and the same in prose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coursekit.classroom.project._calculation_tokens import CalculationError
from coursekit.classroom.project.sample_size import observations_per_group

_NAMES = {
    "base": ("기준값", "기준율", "기준", "기존", "현재", "p1", "base", "baseline"),
    "difference": ("최소차이", "최소 차이", "차이", "개선폭", "개선", "delta", "difference", "효과"),
    "target": ("목표", "p2", "새값", "대안"),
    "significance": ("유의수준", "유의 수준", "alpha", "α", "significance"),
    "power": ("검정력", "power"),
}
_PARAMETER = r"(?<![가-힣A-Za-z])(?:{})\s*(?:은|는|이|가|을|를)?\s*[=:]?\s*([+−-]?\d+(?:\.\d+)?)\s*(%p|%포인트|%)?"
_PATTERNS = {
    key: re.compile(_PARAMETER.format("|".join(re.escape(name) for name in names)), re.IGNORECASE)
    for key, names in _NAMES.items()
}
_PROSE_RESULT = re.compile(
    r"(?:한\s?(?:무리|그룹|집단|군)(?:에|당|마다)?|(?:무리|그룹|집단|군)(?:당|마다))\s*(약\s*)?(\d{1,3}(?:,\d{3}){1,9}|\d{1,30})\s*(?:건|명|개|회|요청|행)"
)


@dataclass(frozen=True)
class Plan:
    """What a comparison of two proportions is to notice."""

    base: float
    """The proportion today."""
    difference: float
    """What must be noticed."""
    significance: float
    """Chance of a false alarm."""
    power: float
    """Chance to notice."""
    signed: bool
    """Whether the direction is written."""

    def size(self, variant: str, *, falls: bool) -> float:
        """Observations per group."""
        difference = -self.difference if falls and not self.signed else self.difference
        try:
            return observations_per_group(
                self.base,
                difference=difference,
                significance=self.significance,
                power=self.power,
                variant=variant,
            )
        except ValueError as error:
            raise CalculationError(str(error).rstrip(".")) from None


def sample_plan(text: str) -> Plan:
    """Read the four parameters.

    Examples
    --------
    >>> sample_plan("기준=0.90, 차이=2%p, 유의수준=0.05, 검정력=80%")
    Plan(base=0.9, difference=0.02, significance=0.05, power=0.8, signed=False)
    """
    text = " ".join(text.split())  # long blanks, which the patterns would divide in every way
    if re.search(r"단측|한쪽|one-sided", text):
        raise CalculationError("표본은 양측 검정만 검산함")
    found, signs = {}, {}
    for key, pattern in _PATTERNS.items():
        if (match := pattern.search(text)) is not None:
            number = float(match.group(1).replace("−", "-"))
            found[key] = number / 100 if match.group(2) else number
            signs[key] = match.group(1)[0] in "+-−"
    if "difference" not in found and {"base", "target"} <= found.keys():
        found["difference"], signs["difference"] = round(found["target"] - found["base"], 12), True
    korean = {"base": "기준", "difference": "차이", "significance": "유의수준", "power": "검정력"}
    if missing := [name for key, name in korean.items() if key not in found]:
        raise CalculationError(f"표본의 조건에 없는 것: {', '.join(missing)}")
    return Plan(found["base"], found["difference"], found["significance"], found["power"], signs["difference"])


def sample_size(text: str, *, variant: str, falls: bool) -> float:
    """Compute what 표본(...) says.

    Examples
    --------
    >>> round(sample_size("기준=0.9, 차이=0.02, 유의수준=0.05, 검정력=0.8", variant="unpooled", falls=True), 1)
    3838.1
    """
    return sample_plan(text).size(variant, falls=falls)


def sample_in_prose(text: str) -> tuple[Plan, int, bool] | None:
    """Find a plan with its number in prose: the plan, the number per group, whether it is 약.

    Examples
    --------
    >>> sample_in_prose("기준 0.90, 차이 0.02, 유의수준 0.05, 검정력 0.8이면 한 무리에 3,839건이 필요하다.")[1:]
    (3839, False)
    """
    text = " ".join(text.split())
    results = _PROSE_RESULT.findall(text)
    if len(results) != 1 or any(len(pattern.findall(text)) > 1 for pattern in _PATTERNS.values()):
        return None
    try:
        plan = sample_plan(text)
    except CalculationError:
        return None
    return plan, int(results[0][1].replace(",", "")), bool(results[0][0])

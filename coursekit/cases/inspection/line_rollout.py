"""From people to a model on evidence: shadow, then steps up that were earned, back when the evidence is bad."""

from __future__ import annotations

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.cases.inspection._days import Day, shadow_day, stacked, usual_day
from coursekit.cases.inspection.human import check_part
from coursekit.cases.inspection.line import FactoryLine
from coursekit.cases.inspection.line_outcomes import LineOutcomes, LineRollout
from coursekit.deployment.rollout.conditional import ConditionalEProcess
from coursekit.deployment.rollout.controller import RolloutController
from coursekit.deployment.rollout.evidence import Evidence, Guardrail, Minute
from coursekit.deployment.rollout.plan import RampPlan

ESCAPES = Guardrail("escapes")
"""Bad parts that an inspector passed."""

FACTORY_PLAN = RampPlan([0.05, 0.2, 0.5], minutes_per_step=3, margin=0.5, patience=10)
"""Steps of a factory, whose minutes are days: three days at least and thirty at most for each."""

FACTORY_EVIDENCE = ConditionalEProcess(largest=20.0)
"""Ratios of miss rates are larger than those of error rates: 60% recall beside 95% is a ratio of 8."""


def line_rollout(
    line: FactoryLine,
    *,
    plan: RampPlan = FACTORY_PLAN,
    evidence: Evidence = FACTORY_EVIDENCE,
    shadow_days: int = 15,
    audit_rate: float = 0.2,
    days: int = 60,
    seed: int = 0,
) -> LineRollout:
    r"""Hand a line over to a model as far as the evidence goes, or back to people.

    A model is not let up because nothing bad was heard of it, when nobody listens to the parts that it passed.
    Here every day yields misses of both inspectors, and
    :class:`~coursekit.deployment.rollout.ConditionalEProcess` asks whose they are:

    * in shadow people and model judge the same parts, and the auditor settles each disagreement. A miss that
      the other found is as likely people's as the model's if both miss alike: a weight of :math:`1/2`;
    * later each has its share of the parts, and the same share of what either passed is audited, by somebody
      who does not know whose it is. A miss that an audit finds is then the model's with the probability with
      which any part is, its share :math:`w`: audit rate and auditor's recall cancel.

    The plan goes on to the next share when a miss rate so many times people's is excluded that the step could
    hurt by more than ``plan.margin`` (non-inferiority), and back to people when the e-process passes
    :math:`1/\alpha`, which a model no worse than people ever makes it do with a probability of at most
    :math:`\alpha`. After PASS the model has all parts and the audit of what it passes goes on.

    The guarantee needs an auditor who finds what the model missed as well as what people missed. People leave the
    faint defects over; an auditor with the same eyes overlooks them again, finds more of a model's misses, and
    sends away almost every second model that is as good as people (a model that misses the faint ones is
    favoured in turn). Give the auditor a gauge, and time.

    Parameters
    ----------
    line
        The line.
    plan
        Shares of the model; its minutes are days.
    evidence
        The test.
    shadow_days
        Least length of the shadow, rounded up to whole steps of the plan; 0 begins with the first share.
    audit_rate
        Share of the passed parts that is looked at again, of the model's and of people's alike; at 0 nothing is
        learnt once shadow is over.
    days
        Days played, those after the verdict included.
    seed
        Seed of the chance in it.

    Raises
    ------
    ValueError
        If a number makes no sense.

    Examples
    --------
    >>> from coursekit.cases.inspection.scores import ScoreModel
    >>> bad = line_rollout(FactoryLine(model=ScoreModel(factory_recall=0.60)))
    >>> bad.verdict, bad.days, int(bad.report.shipped_by_model.sum())
    ('FAIL', 1, 0)
    >>> good = line_rollout(FactoryLine(model=ScoreModel(factory_recall=0.97)))
    >>> good.verdict, float(good.report.share[-1])
    ('PASS', 1.0)

    References
    ----------
    Howard, Ramdas, McAuliffe, Sekhon (2021). Time-uniform, nonparametric, nonasymptotic confidence sequences.
    Annals of Statistics 49(2).
    """
    day, controller, shares, beside, strength = _play(line, plan, evidence, shadow_days, audit_rate, days, 1, seed)
    return LineRollout(
        verdict=str(controller.verdict[0]),
        reason=str(controller.reason[0]),
        days=int(controller.minutes[0]),
        strength=strength[:, 0],
        report=line.report(day, shares[:, 0], beside[:, 0], audit_rate),
    )


def line_rollouts(
    line: FactoryLine,
    *,
    runs: int = 500,
    plan: RampPlan = FACTORY_PLAN,
    evidence: Evidence = FACTORY_EVIDENCE,
    shadow_days: int = 15,
    audit_rate: float = 0.2,
    days: int = 60,
    seed: int = 0,
) -> LineOutcomes:
    """Play the same rollout at hundreds of lines, to know how often it errs before the first real part.

    One rollout that went well says nothing about the rule behind it. How often a model as good as people is
    sent away, how often a bad one is caught and what it ships until then are numbers of many.

    Parameters
    ----------
    line
        The line.
    runs
        Number of rollouts.
    plan, evidence, shadow_days, audit_rate, days
        As in :func:`line_rollout`.
    seed
        Seed of the chance in it.

    Raises
    ------
    ValueError
        If a number makes no sense.

    Examples
    --------
    >>> from coursekit.cases.inspection.scores import ScoreModel
    >>> same = line_rollouts(FactoryLine(model=ScoreModel(factory_recall=0.95)), runs=200)
    >>> same.share("FAIL") <= 0.05, same.share("PASS") > 0.5
    (True, True)
    """
    runs = check_whole("line_rollouts", "runs", runs, low=1)
    day, controller, *_ = _play(line, plan, evidence, shadow_days, audit_rate, days, runs, seed)
    missed_m = day.defects_m - day.caught_m - day.found_m
    missed_h = day.defects_h - day.caught_h - day.found_h
    extra = missed_m - day.defects_m * (1 - line.rates.human)
    by_human = line.parts - day.parts_m
    return LineOutcomes(
        verdict=controller.verdict.copy(),
        days=controller.minutes.copy(),
        shipped=(missed_m + missed_h).sum(axis=0),
        extra=extra.sum(axis=0),
        seen_by_humans=(by_human + day.audited_m + day.audited_h).sum(axis=0),
    )


def _play(
    line: FactoryLine,
    plan: RampPlan,
    evidence: Evidence,
    shadow_days: int,
    audit_rate: float,
    days: int,
    runs: int,
    seed: int,
) -> tuple[Day, RolloutController, np.ndarray, np.ndarray, np.ndarray]:
    rate = check_part("line_rollout", "audit_rate", audit_rate)
    days = check_whole("line_rollout", "days", days, low=1)
    rng, rates = np.random.default_rng(seed), line.rates
    # Shadow is some steps before the first: the shares that stand for them are never used.
    ahead = -(-check_whole("line_rollout", "shadow_days", shadow_days) // plan.lengths[0])
    steps = (*(plan.weights[0] * (np.arange(ahead) + 1) / (ahead + 1)), *plan.weights)
    whole = RampPlan(
        steps, [plan.lengths[0]] * ahead + list(plan.lengths), plan.margin, plan.patience, plan.min_requests
    )
    controller = RolloutController(whole, evidence=evidence, guardrails=(ESCAPES,), runs=runs)
    played, shares, beside, strength = [], [], [], []
    for _ in range(days):
        running = controller.running
        judging = running & (controller.step < ahead)
        share = np.where(judging, 0.0, controller.weight)
        usual = usual_day(rates, line.parts, line.defect_rate, share, (rate, rate * running), rng)
        day = usual
        if judging.any():
            both = shadow_day(rates, line.parts, line.defect_rate, runs, rng, settle=True)
            day = _where(judging, both, usual)
        if running.any():
            controller.update(_evidence(day, line.parts, share, judging))
        played.append(day)
        shares.append(share)
        beside.append(judging)
        strength.append(controller.strength[:, 0].copy())
    return stacked(played), controller, np.array(shares), np.array(beside), np.array(strength)


def _evidence(day: Day, parts: int, share: np.ndarray, judging: np.ndarray) -> Minute:
    """Misses of people and model that came to light, and the probability that one is the model's if both miss alike."""
    alone = np.stack([parts - day.parts_m, day.parts_m], axis=-1)
    audited = np.stack([day.found_h, day.found_m], axis=-1)
    return Minute(
        weight=np.where(judging, 0.5, share),
        requests=np.where(judging[:, None], parts, alone),
        bad=np.where(judging[:, None], day.settled[:, 0], audited)[:, None],
    )


def _where(which: np.ndarray, first: Day, second: Day) -> Day:
    """Counts of one day from two: the first's where told."""
    chosen = {}
    for name in Day.__dataclass_fields__:
        one, other = getattr(first, name), getattr(second, name)
        chosen[name] = np.where(which.reshape(-1, *[1] * (one.ndim - 1)), one, other)
    return Day(**chosen)

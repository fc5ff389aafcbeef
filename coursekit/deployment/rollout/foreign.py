"""Other tools' rollout files as a plan, a test and guardrails of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from coursekit._number_checks import told
from coursekit.deployment.rollout.evidence import Evidence, Guardrail
from coursekit.deployment.rollout.plan import RampPlan

_LARGEST = 300_000  # characters: some seconds of reading


class PlanFileError(ValueError):
    """A rollout file that cannot be read or uses what is not modelled; the message names file and field."""


@dataclass(frozen=True)
class ForeignPlan:
    """What a file of Argo Rollouts, Flagger or Kayenta asks for, in our terms.

    Examples
    --------
    >>> from coursekit.deployment.rollout import ConditionalEProcess
    >>> ForeignPlan("argo", "web", RampPlan([0.2]), ConditionalEProcess(), (Guardrail("errors"),)).tool
    'argo'
    """

    tool: str
    """"argo", "flagger" or "kayenta"."""
    name: str
    """Name of the resource in the file."""
    plan: RampPlan | None
    """Weights and lengths; None if the file has none."""
    evidence: Evidence
    """The rule that rolls back."""
    guardrails: tuple[Guardrail, ...]
    """What is watched, in the rule's order."""


def read_plan(path: str | Path) -> ForeignPlan:
    """Read a rollout file of another tool, told apart by its content.

    A configuration that decides about production deserves a test as much as code does. What the file asks for is
    put in our terms exactly or not at all: a field that would change the decision and is not modelled is an
    error that names it. Known are an Argo Rollouts ``Rollout`` with its analysis templates in the same file, a
    Flagger ``Canary``, and a Kayenta canary configuration, alone or inside the request of a standalone analysis.

    Metrics are known by their names, since their queries cannot be run here: a share of errors, a share of
    successes, or a latency whose name says percentile and unit, such as ``p99-latency-ms``.

    Parameters
    ----------
    path
        YAML (one or several documents) or JSON.

    Raises
    ------
    PlanFileError
        If the file cannot be read, is of no known kind, or uses what is not modelled.

    Examples
    --------
    >>> import tempfile
    >>> text = '''
    ... kind: Canary
    ... apiVersion: flagger.app/v1beta1
    ... metadata: {name: web}
    ... spec:
    ...   analysis:
    ...     {interval: 1m, threshold: 3, maxWeight: 30, stepWeight: 10,
    ...      metrics: [{name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}]}
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = read_plan(Path(folder, "canary.yaml")) if Path(folder, "canary.yaml").write_text(text) else None
    >>> found.tool, found.plan.weights
    ('flagger', (0.1, 0.2, 0.3))

    References
    ----------
    Argo Rollouts, "Analysis & Progressive Delivery". Flagger, "How it works". Kayenta, "Canary configuration".
    """
    file = Path(path)
    documents = _documents(file)
    kinds = [document.get("kind") for document in documents]
    for kind in ("Rollout", "Canary"):
        if kinds.count(kind) > 1:
            raise PlanFileError(
                f"{file}: kind {told(kind)} stands there {kinds.count(kind)} times; give each a file of its own"
            )
    if "Rollout" in kinds:
        from coursekit.deployment.rollout import _argo

        return _argo.read(documents, file)
    if "Canary" in kinds:
        from coursekit.deployment.rollout import _flagger

        return _flagger.read(documents[kinds.index("Canary")], file)
    for document in documents:
        if {"judge", "classifier", "canaryConfig"} & set(document) or (
            "metrics" in document and "kind" not in document
        ):
            from coursekit.deployment.rollout import _kayenta

            return _kayenta.read(document, file)
    shown = ", ".join(told(kind) for kind in kinds if kind) or "none"
    raise PlanFileError(
        f"{file}: kind must be 'Rollout' (Argo Rollouts) or 'Canary' (Flagger), or the file a Kayenta canary "
        f"configuration; found {shown}"
    )


def _documents(file: Path) -> list[dict[str, Any]]:
    found = [document for document in _loaded(file, _text(file)) if document is not None]
    if not found:
        raise PlanFileError(f"{file}: is empty")
    for i, document in enumerate(found):
        if not isinstance(document, dict):
            raise PlanFileError(f"{file}: document {i + 1} must be a table of fields, got {told(document)}")
    return found


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
        text = content.decode("utf-8") if len(content) <= _LARGEST else ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise PlanFileError(f"{file}: cannot be read: {reason}") from None
    if len(content) > _LARGEST:
        raise PlanFileError(f"{file}: is larger than {_LARGEST // 1000} kB, which no rollout's file is")
    return text


def _loaded(file: Path, text: str) -> list[Any]:
    """Every document; one that aliases would unfold beyond all measure is refused before it is built."""
    found = []
    try:
        loader = yaml.SafeLoader(text)
        while loader.check_node():
            node = loader.get_node()
            if _unfolded(node, {}) > _LARGEST:
                raise PlanFileError(f"{file}: its aliases unfold without end; write out what they stand for")
            found.append(loader.construct_document(node))
    except RecursionError:
        raise PlanFileError(f"{file}: is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise PlanFileError(f"{file}{where}: is neither YAML nor JSON: {problem}") from None
    except PlanFileError:
        raise
    except ValueError as error:
        raise PlanFileError(f"{file}: is neither YAML nor JSON: {error}") from None
    return found


def _unfolded(node: yaml.Node, known: dict[yaml.Node, float]) -> float:
    """Number of nodes of a document with every alias written out; infinite if one contains itself."""
    if node not in known:
        known[node] = float("inf")
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        inside = [part for pair in parts for part in pair] if isinstance(node, yaml.MappingNode) else parts
        known[node] = 1.0 + sum(_unfolded(part, known) for part in inside)
    return known[node]

"""Pruning: zeros where the smallest weights were, and a training that makes up for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from coursekit._number_checks import as_finite, check_whole, told
from coursekit.modeling.optimization import _retraining as _r
from coursekit.modeling.optimization.tuning import Tuned

SCHEDULES = ("polynomial", "constant")
"""How `prune` gets to its share of zeros: more and more of them, or all at the first step."""
_SPARSITY = 0.8
_RAMP = 0.6
"""Share of the steps in which zeros become more; the rest trains what is left."""
_UPDATES = 20
"""Times that the ramp looks again for the smallest weights."""


def prune(
    model: Any,
    X: np.ndarray,
    y: np.ndarray,
    *,
    sparsity: float | None = None,
    structure: tuple[int, int] | None = None,
    schedule: str = "polynomial",
    epochs: int = 2,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    seed: int = 0,
    verbose: int = 0,
) -> Tuned:
    r"""Train a copy of a model while the smallest weights of each kernel are set to zero.

    What it is good for is often told wrong. A zero takes as many bytes as any number: the .tflite file stays as
    large as it was and runs as fast. What shrinks is the file once compressed, that is, the download; at 80% to
    about a third. Speed takes a structure that the hardware knows, such as 2 zeros in each group of 4, and hardware
    that knows it.

    With :math:`s_t` the share of zeros at step :math:`t` of a ramp of :math:`T` steps (three fifths of all),

    .. math:: s_t = s \left(1 - (1 - t / T)^3\right)

    so that most weights go early, while there is time to make up for them. A kernel of :math:`n` weights keeps
    :math:`\max(1, \operatorname{round}((1 - s) n))` of them. Kernels of Dense, Conv1D and Conv2D layers are
    pruned, biases and everything else are not. The training afterwards is part of the method, so compare with
    `fine_tune` for as many epochs.

    Parameters
    ----------
    model
        Keras-2 classifier, or a `Tuned`; it is not changed.
    X
        Training examples as the model takes them, shape (n, *input shape).
    y
        Their classes, whole numbers of shape (n,).
    sparsity
        Share of zeros in each kernel, above 0 and below 1; 0.8 unless given. Not together with ``structure``.
    structure
        ``(2, 4)`` for at least 2 zeros in each group of 4 neighbours along the input channels, which are neighbours
        in the file. Chosen at the first step. Kernels whose input channels are no multiple of 4 stay dense.
    schedule
        ``"polynomial"``, the ramp above, or ``"constant"``, everything at the first step. Without effect on a
        structure.
    epochs
        Passes over the examples.
    batch_size
        Examples per step.
    learning_rate
        Where it starts before it falls to zero on a cosine; a model that has lost weights has more to learn than one
        that is only fine-tuned.
    seed
        Seed of order and dropout. The same seed gives the same weights.
    verbose
        0 is silent, 1 shows progress, as in Keras.

    Raises
    ------
    ValueError
        If the share or the structure is none, no kernel can have it, or the examples do not fit the model.

    Examples
    --------
    >>> from coursekit.modeling.training import load_keras
    >>> keras = load_keras()
    >>> X = np.random.default_rng(0).normal(size=(100, 40))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> model = keras.Sequential([keras.layers.Dense(2, activation="softmax", input_shape=(40,))])
    >>> prune(model, X, y, sparsity=0.75).to_frame()[["layer", "zeros"]].values.tolist()
    [['dense...', 0.75]]

    References
    ----------
    Zhu, Gupta (2017). To prune, or not to prune: exploring the efficacy of pruning for model compression.
    Mishra et al. (2021). Accelerating sparse deep neural networks.
    """
    where = "prune"
    network = _r.check_network(where, model)
    group = _check_structure(structure)
    share = _check_share(sparsity, group)
    if schedule not in SCHEDULES:
        raise ValueError(f"{where}: schedule must be one of {', '.join(map(repr, SCHEDULES))}, got {schedule!r}")
    X = _r.check_inputs(where, network, X)
    y = _r.check_labels(where, network, y, len(X))
    settings = _r.check_settings(
        where, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed, verbose=verbose
    )
    layers = _prunable(network, group)
    tfmot = _r.toolkit().sparsity.keras
    steps = settings["epochs"] * -(-len(X) // settings["batch_size"])
    with _r.quiet(settings["seed"]):
        wrap: Callable[[Any], Any] = partial(
            tfmot.prune_low_magnitude,
            pruning_schedule=_schedule(tfmot, schedule, share, steps),
            sparsity_m_by_n=group,
        )
        pruned = _r.wrapped(network, dict.fromkeys(layers, wrap))
        history = _r.train(
            pruned,
            X,
            y,
            settings,
            loss=_r.class_loss(where, network),
            callbacks=[tfmot.UpdatePruningStep()],
        )
        stripped = tfmot.strip_pruning(pruned)
        plain = _r.with_weights_of(network, stripped)
    method = f"pruned {share:.0%}" if group is None else f"pruned {group[0]}:{group[1]}"
    return Tuned(plain, method, history)


def _schedule(tfmot: Any, schedule: str, share: float, steps: int) -> Any:
    if schedule == "constant":
        return tfmot.ConstantSparsity(share, begin_step=1, frequency=max(1, steps // _UPDATES))
    ramp = max(1, int(_RAMP * steps))
    every = max(1, ramp // _UPDATES)
    # the toolkit looks at multiples of the frequency only, so the last look must be one
    return tfmot.PolynomialDecay(0.0, share, begin_step=0, end_step=every * (ramp // every), frequency=every)


def _check_structure(structure: tuple[int, int] | None) -> tuple[int, int] | None:
    if structure is None:
        return None
    if not isinstance(structure, tuple | list) or len(structure) != 2:
        raise ValueError(f"prune: structure must be None or (zeros, group), such as (2, 4), got {told(structure)}")
    group = check_whole("prune", "the group of structure", structure[1], low=2)
    return check_whole("prune", "the zeros of structure", structure[0], low=1, high=group - 1), group


def _check_share(sparsity: float | None, group: tuple[int, int] | None) -> float:
    if group is not None:
        if sparsity is not None:
            raise ValueError(
                f"prune: sparsity must be None where there is a structure, which says the share of zeros itself "
                f"({group[0]} of {group[1]}), got {told(sparsity)}"
            )
        return group[0] / group[1]
    share = as_finite(_SPARSITY if sparsity is None else sparsity)
    if share is None or not 0 < share < 1:
        raise ValueError(
            f"prune: sparsity must be a share of zeros above 0 and below 1, such as 0.8, got {told(sparsity)}"
        )
    return share


def _prunable(network: Any, group: tuple[int, int] | None) -> list[str]:
    """Names of the layers whose kernel is pruned."""
    layers = _r.kernel_layers(network)
    if not layers:
        raise ValueError(
            f"prune: the model has no {', '.join(_r.KERNEL_LAYERS[:-1])} or {_r.KERNEL_LAYERS[-1]} layer to prune"
        )
    if group is None:
        return [layer.name for layer in layers]
    fitting = [
        layer.name for layer in layers if layer.kernel.shape.rank in (2, 4) and layer.kernel.shape[-2] % group[1] == 0
    ]
    if not fitting:
        sizes = ", ".join(f"{layer.name!r} {layer.kernel.shape[-2]}" for layer in layers)
        raise ValueError(
            f"prune: structure {group} needs a Conv2D or Dense layer whose number of input channels is a multiple of "
            f"{group[1]}, got {sizes}; prune without a structure"
        )
    return fitting

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from dropviz.core import oracle
from dropviz.core.oracle import ACTIVATIONS
from dropviz.errors import DropvizError

Array = NDArray[np.floating]

SAMPLES, STEPS, FEATURES, UNITS = 3, 6, 4, 5
# Two ways to add up a few dozen doubles of size 1.
EXACT = 1e-13

rng = np.random.default_rng(11)
X = rng.normal(size=(SAMPLES, STEPS, FEATURES))
H, C = rng.normal(size=(2, SAMPLES, UNITS))
KEEP = np.array(
    [
        [True, True, True, True, False, False],
        [False, True, True, False, True, True],
        [True, True, True, True, True, False],
    ]
)
RUNS: dict[str, Callable[..., oracle.Pass]] = {"LSTM": oracle.lstm, "GRU": oracle.gru}


# ---------------------------------------------------------------- Keras as the witness


def _layer(kind: str, **kwargs: Any) -> Any:
    """A Keras layer in double precision, with weights that are far from symmetric."""
    made = getattr(keras.layers, kind)(
        UNITS, dtype="float64", return_sequences=True, return_state=True, **kwargs
    )
    made.build(X.shape)
    made.set_weights([rng.normal(size=w.shape) for w in made.get_weights()])
    return made


def _compare(
    kind: str,
    *,
    keep: Array | None = None,
    begin: bool = False,
    options: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    layer = _layer(kind, **kwargs)
    states = [H, C][: 2 if kind == "LSTM" else 1] if begin else None
    outputs, *last = layer(X, mask=keep, initial_state=states)
    order = slice(None, None, -1 if kwargs.get("go_backwards") else 1)
    named = dict(zip(("h", "c"), states or [], strict=False))

    done = RUNS[kind](
        layer.get_weights(),
        X[:, order],
        keep=None if keep is None else keep[:, order],
        **named,
        **(options or {}),
    )

    np.testing.assert_allclose(done.outputs, outputs, rtol=0, atol=EXACT)
    for mine, its in zip((done.h, done.c), last, strict=False):
        np.testing.assert_allclose(mine[:, -1], its, rtol=0, atol=EXACT)


@pytest.mark.few(14)
@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("begin", [True, False], ids=["states", "zeros"])
@pytest.mark.parametrize("backwards", [True, False], ids=["backwards", "forwards"])
@pytest.mark.parametrize("keep", [KEEP, None], ids=["masked", "whole"])
def test_it_does_what_keras_does(
    kind: str, keep: Array | None, *, bias: bool, begin: bool, backwards: bool
) -> None:
    _compare(kind, keep=keep, begin=begin, use_bias=bias, go_backwards=backwards)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("keep", [KEEP, None], ids=["masked", "whole"])
def test_a_gru_that_resets_before_is_done_too(keep: Array | None, *, bias: bool) -> None:
    options = {"reset_after": False}

    _compare("GRU", keep=keep, begin=True, use_bias=bias, reset_after=False, options=options)


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("unroll", [True, False])
@pytest.mark.parametrize("zeros", [True, False])
def test_skipped_steps_give_zeros_or_the_step_before(
    kind: str, *, unroll: bool, zeros: bool
) -> None:
    _compare(
        kind,
        keep=KEEP,
        begin=True,
        options={"zero_skipped": zeros},
        zero_output_for_mask=zeros,
        unroll=unroll,
    )


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_put_where_keras_puts_them(kind: str, name: str) -> None:
    function = ACTIVATIONS[name]

    # Weights of the size of 1 would let linear and relu grow beyond comparison.
    layer = _layer(kind, activation=name, recurrent_activation="hard_sigmoid")
    layer.set_weights([0.1 * w for w in layer.get_weights()])
    done = RUNS[kind](
        layer.get_weights(),
        X,
        activation=function,
        recurrent_activation=ACTIVATIONS["hard_sigmoid"],
    )

    np.testing.assert_allclose(done.outputs, layer(X)[0], rtol=0, atol=EXACT)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_those_of_keras(name: str) -> None:
    a = np.linspace(-6, 6, 101)

    theirs = getattr(keras.activations, name)(keras.ops.convert_to_tensor(a))

    np.testing.assert_allclose(ACTIVATIONS[name](a), theirs, rtol=0, atol=EXACT)


def test_the_sigmoid_of_large_numbers_warns_of_nothing() -> None:
    np.testing.assert_array_equal(oracle.sigmoid(np.array([-1e9, 0.0, 1e9])), [0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("kind", "names"), [("LSTM", ["i", "f", "g", "o"]), ("GRU", ["z", "r", "g"])]
)
def test_a_pass_holds_every_gate_at_every_step(kind: str, names: list[str]) -> None:
    done = RUNS[kind](_layer(kind).get_weights(), X)

    assert list(done.gates) == names
    for each in (done.outputs, done.h, done.c, *done.gates.values()):
        assert each.shape == (SAMPLES, STEPS, UNITS)
    if kind == "LSTM":
        i, f, g, o = done.gates.values()
        before = np.concatenate([np.zeros((SAMPLES, 1, UNITS)), done.c[:, :-1]], axis=1)
        np.testing.assert_allclose(f * before + i * g, done.c, rtol=0, atol=EXACT)
        np.testing.assert_allclose(o * np.tanh(done.c), done.h, rtol=0, atol=EXACT)
    else:
        z, _, g = done.gates.values()
        before = np.concatenate([np.zeros((SAMPLES, 1, UNITS)), done.h[:, :-1]], axis=1)
        np.testing.assert_allclose(z * before + (1 - z) * g, done.h, rtol=0, atol=EXACT)
        np.testing.assert_array_equal(done.c, done.h)


# ---------------------------------------------------------------- one unit, by hand

# One unit, weights of 1, no bias and linear activations; x = 2, h = 1 and c = 10 before.
# Every gate is x + h = 3; c = 3 * 10 + 3 * 3 = 39; h = 3 * 39 = 117.
ONES = np.ones((1, 4))


def _one(**masks: Any) -> tuple[float, float, float]:
    """What one unit gives out, and its h and c, with masks given gate by gate."""
    done = oracle.lstm(
        [ONES, ONES],
        np.full((1, 1, 1), 2.0),
        {site: np.reshape(m, (1, -1, 1, 1)).astype(float) for site, m in masks.items()},
        h=np.ones((1, 1)),
        c=np.full((1, 1), 10.0),
        activation=ACTIVATIONS["linear"],
        recurrent_activation=ACTIVATIONS["linear"],
    )
    return float(done.outputs[0, 0, 0]), float(done.h[0, 0, 0]), float(done.c[0, 0, 0])


@pytest.mark.parametrize(
    ("masks", "h", "c"),
    [
        ({}, 117, 39),
        # x counts 4: gates 5, c = 5*10 + 5*5, h = 5*75.
        ({"input": 2}, 375, 75),
        ({"input": 0}, 11, 11),
        # i sees 4 and is 5, f sees 0 and is 1, the others are 3: c = 10 + 5*3, h = 3*25.
        ({"input": [2, 0, 1, 1]}, 75, 25),
        ({"recurrent": 0}, 48, 24),
        # i = 2, f = 4, g = 3, o = 5: c = 40 + 6, h = 5*46.
        ({"recurrent": [0, 2, 1, 3]}, 230, 46),
        # U counts 3, so h counts 3 as well: as the input above.
        ({"recurrent_kernel": 3}, 375, 75),
        ({"recurrent_kernel": [0, 2, 1, 3]}, 230, 46),
        # c = 30 + 3*(m*3).
        ({"candidate": 0}, 90, 30),
        ({"candidate": 2}, 144, 48),
        # The whole c is multiplied, also what was stored: m of 39.
        ({"cell": 0}, 0, 0),
        ({"cell": 0.5}, 58.5, 19.5),
        # h = m*117 + (1-m)*1; c is left alone.
        ({"hidden_update": 0}, 1, 39),
        ({"hidden_update": 0.25}, 30, 39),
        # c = m*39 + (1-m)*10; h is made of the new c all the same.
        ({"cell_update": 0}, 117, 10),
        ({"cell_update": 0.5}, 117, 24.5),
        # Only what was stored is multiplied: 3 times m of 10, and 9.
        ({"carried": 0}, 27, 9),
        ({"carried": 2}, 207, 69),
        ({"candidate": 0, "cell": 0.5, "hidden_update": 0.5}, 23, 15),
    ],
    ids=str,
)
def test_a_mask_at_a_site_of_an_lstm_does_what_it_should(
    masks: dict[str, Any], h: float, c: float
) -> None:
    assert _one(**masks) == (h, h, c)


def test_a_mask_on_the_output_leaves_the_state_alone() -> None:
    assert _one(output=2) == (234, 117, 39)


# One unit as above; x = 1 and h = 2 before: z = r = 3, g = 1 + 3*2 = 7, h = 3*2 - 2*7 = -8.
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize(
    ("masks", "h"),
    [
        ({}, -8),
        ({"input": 0}, 0),
        # z = r = 1, g = 1: h = 2.
        ({"recurrent": 0}, 2),
        # z = 3, r = 1, g = 1 + 1*2: h = 6 - 2*3.
        ({"recurrent": [1, 0, 1]}, 0),
        # z = 3, r = 3, g = 1: h = 6 - 2*1.
        ({"recurrent": [1, 1, 0]}, 4),
        # z = r = 5, g = 1 + 5*4: h = 10 - 4*21.
        ({"recurrent_kernel": 2}, -74),
        ({"candidate": 2}, -22),
        ({"carried": 0}, -14),
        ({"cell": 0.5}, -4),
        ({"hidden_update": 0}, 2),
        ({"hidden_update": 0.5}, -3),
    ],
    ids=str,
)
def test_a_mask_at_a_site_of_a_gru_does_what_it_should(
    masks: dict[str, Any], h: float, *, after: bool
) -> None:
    done = oracle.gru(
        [np.ones((1, 3)), np.ones((1, 3))],
        np.ones((1, 1, 1)),
        {site: np.reshape(m, (1, -1, 1, 1)).astype(float) for site, m in masks.items()},
        h=np.full((1, 1), 2.0),
        activation=ACTIVATIONS["linear"],
        recurrent_activation=ACTIVATIONS["linear"],
        reset_after=after,
    )

    assert done.outputs.item() == done.h.item() == h


def test_masks_that_live_for_a_step_act_at_their_step() -> None:
    def last(*candidate: float) -> float:
        """c after two steps with all gates at 1: the sum of what was let in."""
        done = oracle.lstm(
            [np.zeros((1, 4)), np.zeros((1, 4)), np.ones(4)],
            np.zeros((1, 2, 1)),
            {"candidate": np.reshape(candidate, (-1, 1, 1, 1))},
            activation=ACTIVATIONS["linear"],
            recurrent_activation=ACTIVATIONS["linear"],
        )
        return float(done.c[0, -1, 0])

    assert [last(1, 0), last(0, 1), last(3, 4), last(5)] == [1, 1, 7, 10]


def test_each_sample_meets_its_own_mask() -> None:
    weights = _layer("LSTM").get_weights()
    masks = rng.integers(0, 2, size=(1, 4, SAMPLES, UNITS)).astype(float)

    together = oracle.lstm(weights, X, {"recurrent": masks}).outputs

    for n in range(SAMPLES):
        alone = oracle.lstm(weights, X[[n]], {"recurrent": masks[:, :, [n]]}).outputs
        np.testing.assert_allclose(together[[n]], alone, rtol=0, atol=EXACT)
    assert len(np.unique(masks.reshape(4, SAMPLES, UNITS), axis=1)[0]) > 1


def test_a_mask_on_the_recurrent_kernel_lies_row_by_row() -> None:
    kernel, recurrent, bias = _layer("LSTM").get_weights()
    mask = rng.integers(0, 2, size=(4, UNITS, UNITS)).astype(float)
    dropped = recurrent * np.concatenate(list(mask), axis=1)

    masks = {"recurrent_kernel": mask.reshape(1, 4, 1, -1)}
    done = oracle.lstm([kernel, recurrent, bias], X, masks)

    its = oracle.lstm([kernel, dropped, bias], X)
    np.testing.assert_allclose(done.outputs, its.outputs, rtol=0, atol=EXACT)
    assert not np.array_equal(dropped, recurrent)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(kind: str, which: int, bad: float) -> None:
    weights = _layer(kind).get_weights()
    weights[which].flat[1] = bad
    name = ("kernel", "recurrent kernel", "bias")[which]

    with pytest.raises(DropvizError) as caught:
        RUNS[kind](weights, X)

    said = str(caught.value)
    assert f"Received: 1 of {weights[which].size} values of the {name} are NaN" in said
    assert "\n" not in said


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_weights_that_do_not_fit_together_are_refused(kind: str, which: int) -> None:
    weights = _layer(kind).get_weights()
    weights[which] = weights[which][..., :-1]

    with pytest.raises(DropvizError, match=r"do not fit together\. Expected .* Received: \["):
        RUNS[kind](weights, X)

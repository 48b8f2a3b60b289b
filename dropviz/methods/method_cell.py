"""An LSTM cell that masks wherever the table of methods says."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import keras

from dropviz.core.draw_log import MaskPlan
from dropviz.core.method_options import OPTIONS
from dropviz.core.methods import Rule
from dropviz.core.setting import Setting
from dropviz.core.sites import is_gated
from dropviz.methods.draw_masks import draw

Tensor = Any


@keras.saving.register_keras_serializable(package="dropviz")
class MethodCell(keras.layers.LSTMCell):  # type: ignore[misc]
    """``keras.layers.LSTMCell`` with the masks of another method.

    Weights, their layout and the order of every operation are those of Keras's cell with
    ``implementation=1`` (keras/src/layers/rnn/lstm.py), so that the method "gal-untied"
    gives its numbers to the bit. Masks with a life of one sequence are drawn where Keras
    draws, before the first step. Those with a life of one step arrive with the inputs in
    ``dropviz.LSTM``, and are drawn inside the loop in any other ``RNN``.

    Attributes:
        setting: The method with its rates and options.
        masks: By site, the masks of the call under way: (steps, gates, samples, units).
        time_steps: Steps to draw masks with a life of one step for; None for none.
        live: Where rates are variables, what holds them (``dropviz.methods.variable_rates``).
    """

    live: Any = None

    def __init__(
        self,
        units: int,
        method: str = "gal-untied",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        """Makes a cell.

        Args:
            units: Units, from 1.
            method: A key of ``dropviz.core.methods.METHODS`` other than "keras".
            dropout: Drop rate for the inputs x_t, ``0 <= rate < 1``.
            recurrent_dropout: Drop rate of the method's other site.
            **kwargs: Whatever ``keras.layers.LSTMCell`` takes, and the options of
                ``dropviz.core.method_options``.

        Raises:
            DropvizError: If the method is unknown, a rate is out of range, or they
                cannot act together.
        """
        options = {name: kwargs.pop(name, None) for name in OPTIONS}
        # Before Keras clamps the rates without a word.
        asked = Setting(method, dropout, recurrent_dropout, **options)
        super().__init__(
            units, dropout=asked.dropout, recurrent_dropout=asked.recurrent_dropout, **kwargs
        )
        # %%lstm_dropout -d and -r set the rates on the way through Keras's constructor.
        self.setting = Setting(method, self.dropout, self.recurrent_dropout, **options)
        self.masks: dict[str, Tensor] = {}
        self.time_steps: Tensor | None = None

    def get_dropout_mask(self, step_input: Tensor) -> None:
        """Draws the input masks; Keras's ``RNN`` calls this before the first step."""
        self._draw(step_input, inputs=True)

    def get_recurrent_dropout_mask(self, step_input: Tensor) -> None:
        """Draws the other masks; Keras's ``RNN`` calls this before the first step."""
        self._draw(step_input, inputs=False)

    def reset_dropout_mask(self) -> None:
        """Lets go of all masks; Keras's ``RNN`` calls this after the last step."""
        self.masks = {}

    reset_recurrent_dropout_mask = reset_dropout_mask

    def _draw(self, like: Tensor, *, inputs: bool) -> None:
        for rule in self.setting.rules:
            wanted = rule.rate and (rule.argument == "dropout") == inputs
            now = rule.life == "sequence" or self.time_steps is not None
            if wanted and now and rule.site not in self.masks:
                masks = self._drawn(rule, keras.ops.shape(like)[0], self.time_steps)
                self.masks = {**self.masks, rule.site: masks}

    def _drawn(self, rule: Rule, samples: Tensor, steps: Tensor) -> Tensor:
        moving = self.live and self.live.moving(self.setting.argument(rule))
        generator, dtype = self.seed_generator, self.compute_dtype
        return draw(self.plan(rule), samples, steps, generator, dtype, moving)

    def plan(self, rule: Rule) -> MaskPlan:
        """What one call draws for a site."""
        gates = 4 if is_gated(rule.site) and rule.tying == "untied" else 1
        units: dict[str, int] = {
            "input": self.kernel.shape[0],
            "recurrent_kernel": self.units**2,
        }
        return MaskPlan(
            rule.site,
            gates,
            units.get(rule.site, int(self.units)),
            rule.rate,
            by_step=rule.life == "step",
            by_sample=rule.by_sample,
            inverted=rule.scaling == "inverted",
        )

    def carried(self, sequences: Tensor, *, backwards: bool) -> Tensor:
        """Puts the masks with a life of one step beside the inputs, step by step.

        Args:
            sequences: Shape (samples, steps, features).
            backwards: Whether the steps will be run through from the last to the first;
                masks are kept in the order in which they act.

        Returns:
            Shape (samples, steps, features + entries of all masks of a step).
        """
        parts = [sequences]
        for rule in self._with_steps():
            steps, gates, samples, units = keras.ops.shape(self.masks[rule.site])
            masks = keras.ops.transpose(self.masks[rule.site], (2, 0, 1, 3))
            masks = keras.ops.reshape(masks, (samples, steps, gates * units))
            parts.append(keras.ops.flip(masks, axis=1) if backwards else masks)
        return keras.ops.concatenate(parts, axis=-1) if len(parts) > 1 else sequences

    def _with_steps(self) -> list[Rule]:
        return [r for r in self.setting.rules if r.life == "step" and r.site in self.masks]

    def call(
        self,
        inputs: Tensor,
        states: Any,
        training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
    ) -> tuple[Tensor, list[Tensor]]:
        """Runs one time step.

        Args:
            inputs: Shape (samples, features), with the masks of this step beside them
                where ``carried`` put them.
            states: h and c, each of shape (samples, units).
            training: Whether masks multiply.

        Returns:
            h, and the new states.
        """
        h, c = states
        features = self.kernel.shape[0]
        masks = self._now(inputs, h) if training else self._at_inference()
        i, f, g, o = self._gates(inputs[:, :features], h, masks)
        new_c = f * c + i * _times(g, masks.get("candidate"))
        new_c = _times(new_c, masks.get("cell"))
        hidden, cell = masks.get("hidden_update"), masks.get("cell_update")
        # Krueger et al. 2016: h is made of the new c, before c itself is zoned. The mask stands at
        # o, as TensorFlow moves a constant into a product, and would round otherwise than where
        # the rate moves.
        new_h = _zoned(_times(o, hidden) * self.activation(new_c), h, hidden)
        new_c = _zoned(_times(new_c, cell), c, cell)
        return new_h, [new_h, new_c]

    def _at_inference(self) -> dict[str, list[Any]]:
        scaled = [rule for rule in self.setting.rules if rule.at_inference != 1]
        numbers = {
            r.site: self.live.at_inference(r) if self.live else r.at_inference for r in scaled
        }
        # A tensor where it is a constant too: 1 minus it must round as where it moves.
        dtype = self.compute_dtype
        return {site: [keras.ops.convert_to_tensor(n, dtype)] for site, n in numbers.items()}

    def _now(self, inputs: Tensor, h: Tensor) -> dict[str, list[Tensor]]:
        """By site, the masks of this step, gate by gate."""
        features = self.kernel.shape[0]
        beside = inputs.shape[-1] > features
        if not beside:
            self.get_dropout_mask(inputs)
            self.get_recurrent_dropout_mask(h)
        now, at = {}, features
        for rule in self.setting.rules:
            if not rule.rate:
                continue
            plan = self.plan(rule)
            if rule.life == "sequence":
                values = self.masks[rule.site][0]
            elif beside:
                end = at + plan.gates * plan.units
                values = keras.ops.split(inputs[:, at:end], plan.gates, axis=1)
                at = end
            else:
                values = self._drawn(rule, keras.ops.shape(h)[0], 1)[0]
            now[rule.site] = [values[gate] for gate in range(plan.gates)]
        return now

    def _gates(self, x: Tensor, h: Tensor, masks: dict[str, list[Tensor]]) -> list[Tensor]:
        kernels = keras.ops.split(self.kernel, 4, axis=1)
        biases = keras.ops.split(self.bias, 4, axis=0) if self.use_bias else [None] * 4
        gates = []
        for gate in range(4):
            z = keras.ops.matmul(_times(x, masks.get("input"), gate), kernels[gate])
            z = z if biases[gate] is None else z + biases[gate]
            u = self.recurrent_kernel[:, self.units * gate : self.units * (gate + 1)]
            u = _times(u, masks.get("recurrent_kernel"), gate)
            z += keras.ops.matmul(_times(h, masks.get("recurrent"), gate), u)
            gates.append(self.activation(z) if gate == 2 else self.recurrent_activation(z))  # noqa: PLR2004
        return gates

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **asdict(self.setting)}


def _times(value: Tensor, masks: list[Tensor] | None, gate: int = 0) -> Tensor:
    if masks is None:
        return value
    mask = masks[min(gate, len(masks) - 1)]
    # The entries of a kernel's mask lie flat; a number multiplies as it is.
    shape: tuple[Any, ...] = getattr(mask, "shape", ())
    flat = len(shape) > 0 and shape[-1] != value.shape[-1]
    return value * (keras.ops.reshape(mask, value.shape) if flat else mask)


def _zoned(updated: Tensor, old: Tensor, masks: list[Tensor] | None) -> Tensor:
    """What was updated, and of the rest what was."""
    return updated if masks is None else updated + (1 - masks[0]) * old

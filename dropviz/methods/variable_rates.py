"""Drop rates that change between two batches, with a new graph at most where one reaches 0."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import keras

from dropviz.core.draw_log import MaskPlan
from dropviz.core.method_options import RATES
from dropviz.core.methods import Rule
from dropviz.core.setting import Setting
from dropviz.errors import DropvizError
from dropviz.keras_inside.cell_masks import keep_masks, kept_masks, replace_mask_getter
from dropviz.keras_inside.jax_state import ride, switch
from dropviz.keras_inside.step_functions import StepsByCase
from dropviz.keras_inside.untracked import set_attributes
from dropviz.methods.draw_masks import Moving, draw
from dropviz.methods.method_cell import MethodCell
from dropviz.methods.rate_variables import RateVariables

Layer = Any
Model = Any
Cell = Any
Tensor = Any

_ABOVE = 0.5  # stands for any rate above 0 while a graph is traced
_KEYS = (False, True)


class Case(NamedTuple):
    """Which rates a graph takes to be above 0.

    Attributes:
        dropout: Whether that one is.
        recurrent_dropout: Whether that one is.
        or_zero: Whether a rate that is taken to be above 0 may be 0 all the same: its
            masks are ones then, and the random stream stays where it is.
    """

    dropout: bool
    recurrent_dropout: bool
    or_zero: bool = False


class VariableRates:
    """The two drop rates of a built LSTM layer, as variables that its graph reads.

    A rate of 0 and one above 0 are different graphs: Keras draws no masks for the first,
    and with ``recurrent_dropout`` above 0 it computes in another order and draws four
    input masks in place of one (keras/src/layers/rnn/lstm.py). So each call holds all four
    cases and runs the one that the variables ask for; or, where the models that run it are
    given, their compiled steps hold one case each, and a new case is compiled when it is first
    asked for. Held constant, a rate gives to the bit the weights of a layer that was built with it.
    """

    def __init__(self, layer: Layer, setting: Setting, models: Sequence[Model] = ()) -> None:
        """Makes the rates of a layer live.

        Args:
            layer: A built ``keras.layers.LSTM`` or layer of ``dropviz.LSTM``.
            setting: Its method and options, and the rates to begin with.
            models: All models in whose steps the layer runs, none of them compiled yet.
        """
        self._cell: Cell = layer.cell
        self._call = layer.call
        self._held: Case | None = None
        self._variables = RateVariables(self._cell.compute_dtype, setting)
        # PyTorch computes nothing but eagerly: there each call reads the rates as numbers, and
        # draws where Keras draws.
        self._in_graphs = keras.config.backend() != "torch"
        if keras.config.backend() == "jax":
            ride(layer, self._variables.variables)
        if self._in_graphs and not isinstance(self._cell, MethodCell):
            self._take_over_masks()
        self._layer = layer
        set_attributes(self._cell, live=self)
        set_attributes(layer, call=self._switched)
        # On JAX a recording would hold the rate of one case for that of another.
        by_case = bool(models) and keras.config.backend() == "tensorflow"
        self._steps = StepsByCase(models) if by_case else None
        self.set(setting)

    def set(self, setting: Setting) -> bool:
        """Sets the rates for the next batch.

        Args:
            setting: The rates; method and options must be those of the layer.

        Returns:
            Whether the next batch has something to compile first.
        """
        self._variables.set(setting)
        if self._steps is None:
            return False
        self._held = self.case(setting)
        return self._steps.take(self._held)

    @property
    def setting(self) -> Setting:
        """The method with the rates that act now."""
        return self._variables.setting

    def each_batch(self, settings: Sequence[Setting]) -> Callable[[Tensor], None]:
        """Makes what sets the rates of a batch from inside a graph.

        Args:
            settings: The rates of each batch of a training.

        Returns:
            A function that takes the number of a batch, from 0.
        """
        return self._variables.each_batch(settings)

    def stream(self) -> Any:
        """Where the cell's random stream stands: (seed, counter)."""
        return keras.ops.copy(self._cell.seed_generator.state.value)

    def rewind(self, state: Any) -> None:
        """Puts the cell's random stream back to where it stood.

        Args:
            state: What ``stream`` gave.
        """
        # A copy: a step of JAX consumes what it is given, and this may be put back again.
        self._cell.seed_generator.state.assign(keras.ops.copy(state))

    @property
    def exact(self) -> Tensor:
        """Both rates in double precision, for graphs and for the log of a store."""
        if not self._in_graphs:
            return [getattr(self.setting, name) for name in RATES]
        return self._variables.exact

    def at(self, dropout: float, recurrent_dropout: float) -> Setting:
        """The method with two rates."""
        return replace(self.setting, dropout=dropout, recurrent_dropout=recurrent_dropout)

    def case(self, setting: Setting, *, or_zero: bool = False) -> Case:
        """The case that a graph must hold to train with a setting.

        Args:
            setting: The rates.
            or_zero: Whether the graph is to serve rates of 0 too, as far as the layer
                computes in the same order with them.

        Returns:
            The case, for ``held_to``; settings with the same case can share a graph.
        """
        above = setting.dropout > 0, setting.recurrent_dropout > 0
        if not or_zero:
            return Case(*above)
        return Case(True, above[1] or isinstance(self._cell, MethodCell), or_zero)  # noqa: FBT003

    @contextmanager
    def held_to(self, case: Case) -> Iterator[None]:
        """Has what is traced inside the block hold one case, and no switch.

        Args:
            case: The case; the graph may run only with settings of that case.

        Yields:
            Nothing.
        """
        self._held, before = case, self._held
        try:
            yield
        finally:
            self._held = before

    @contextmanager
    def held_for(self, settings: Iterable[Setting], *, xla: bool) -> Iterator[None]:
        """Has what is traced inside the block serve some settings, in turn or one alone.

        Args:
            settings: The rates.
            xla: Whether XLA compiles it, for which one graph serves rates of 0 too.

        Yields:
            Nothing.

        Raises:
            DropvizError: If XLA cannot compile a graph that serves them.
        """
        cases = {self.case(each, or_zero=xla) for each in settings}
        if len(cases) == 1:
            with self.held_to(*cases):
                yield
        elif xla:
            # Neither a switch nor its gradient can be compiled (TensorFlow's FakeParam).
            raise DropvizError(
                "XLA cannot compile a layer of Keras whose recurrent_dropout changes between 0 and "
                'above on the way. Take engine="exact", or a small rate in place of 0.'
            )
        else:
            yield

    def moving(self, argument: str) -> Moving | None:
        """The rate of an argument; None for an option of its own."""
        if argument not in RATES or not self._in_graphs:
            return None
        rate, scale, keep = self._variables.numbers(argument)
        counted = self._held is not None and self._held.or_zero
        return Moving(rate, scale, keep, keras.ops.stack([False, rate > 0]) if counted else None)

    def at_inference(self, rule: Rule) -> Any:
        """What multiplies every entry at inference."""
        argument = self.setting.argument(rule)
        if argument not in RATES:
            return rule.at_inference
        return self._variables.numbers(argument)[2]

    def _switched(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Tensor | None = None,
        training: bool = False,  # noqa: FBT001, FBT002 (Keras's own signature)
    ) -> Any:
        def at(setting: Setting) -> Any:
            with self._standing_at(setting):
                return self._call(sequences, initial_state, mask=mask, training=training)

        if not self._in_graphs:
            return at(self.setting)
        if self._held is not None:
            return at(self._case(*self._held[:2]))
        above = self._variables.above
        cases = [functools.partial(at, self._case(d, r)) for r in _KEYS for d in _KEYS]
        written = self._layer.non_trainable_variables
        return switch(above[0] + 2 * above[1], cases, written)

    def _case(self, dropout: bool, recurrent_dropout: bool) -> Setting:  # noqa: FBT001
        """What stands for all settings with rates of 0, or above."""
        fed = {self.setting.argument(rule) for rule in self.setting.row.rules}
        # A rate that no rule reads stays 0, and that case is never asked for.
        above = (dropout, recurrent_dropout and RATES[1] in fed)
        return self.at(_ABOVE * above[0], _ABOVE * above[1])

    @contextmanager
    def _standing_at(self, stood: Setting) -> Iterator[None]:
        """Has the cell compute, inside the block, as with the rates of a setting."""
        cell = self._cell
        if isinstance(cell, MethodCell):
            names = {"setting": stood}
        else:
            untied = bool(stood.recurrent_dropout)
            names = {name: getattr(stood, name) for name in RATES} | {
                "implementation": 1 if untied else 2,
                "dropout_mask_count": 4 if untied else None,
            }
        before = {name: getattr(cell, name, None) for name in names}
        set_attributes(cell, **names)
        try:
            yield
        finally:
            set_attributes(cell, **before)

    def _take_over_masks(self) -> None:
        """Has Keras's cell draw at the variables' rates, where it draws and caches itself."""
        for argument in RATES:
            getter = functools.partial(_masks, self._cell, self, argument)
            replace_mask_getter(self._cell, argument, getter)


def _masks(cell: Cell, live: VariableRates, argument: str, step_input: Tensor) -> Any:
    masks = kept_masks(cell, argument)
    if masks is None and getattr(cell, argument) > 0:
        samples, units = keras.ops.shape(step_input)
        many = cell.dropout_mask_count
        plan = MaskPlan(argument, many or 1, units, _ABOVE)
        drawn = draw(
            plan, samples, 1, cell.seed_generator, cell.compute_dtype, live.moving(argument)
        )
        masks = [drawn[0, gate] for gate in range(many)] if many else drawn[0, 0]
        keep_masks(cell, argument, masks)
    return masks


def live_rates(cell: Cell) -> VariableRates | None:
    """The live rates of a cell; None where its rates are constants."""
    live: VariableRates | None = vars(cell).get("live")
    return live

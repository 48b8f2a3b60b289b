"""The compiled functions that a Keras model caches for ``fit``, ``evaluate`` and ``predict``.

``Model.make_train_function`` and its kin (keras/src/backend/tensorflow/trainer.py) build
``model.train_function`` and its kin unless they are there. A function cached before a layer
was changed would bypass the change. Tried with Keras 3.8.0, 3.13.2 and 3.15.1.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from dropviz.keras_inside.untracked import remove_attribute, set_attributes

Model = Any

TRAIN = "train_function"
_ASIDE = "_step_functions_set_aside"
# By the method of ``keras.Model`` that makes it, the attribute that it is cached in.
MAKERS = {f"make_{name}": name for name in (TRAIN, "test_function", "predict_function")}


def forget_step_function(model: Model, name: str) -> None:
    """Has Keras make a cached function anew when it is next needed.

    Args:
        model: A Keras model.
        name: A value of ``MAKERS``.
    """
    setattr(model, name, None)


def set_step_function_aside(model: Model, name: str) -> None:
    """Has Keras make a cached function anew, until ``put_step_function_back``.

    It is kept on the model, so that nothing else holds the model.

    Args:
        model: A Keras model.
        name: A value of ``MAKERS``.
    """
    if getattr(model, name) is not None:
        aside = vars(model).get(_ASIDE, {})
        set_attributes(model, **{_ASIDE: {**aside, name: getattr(model, name)}})
    forget_step_function(model, name)


def put_step_function_back(model: Model, name: str) -> None:
    """Gives a model the function again that was set aside; none where none was.

    What Python put into it when it was traced, and TensorFlow's own random operations in it, go on
    as if nothing had been compiled meanwhile.

    Args:
        model: A Keras model.
        name: A value of ``MAKERS``.
    """
    aside = dict(vars(model).get(_ASIDE, {}))
    setattr(model, name, aside.pop(name, None))
    if aside:
        set_attributes(model, **{_ASIDE: aside})
    else:
        remove_attribute(model, _ASIDE)


def forget_what_was_set_aside(model: Model, *_: Any, **__: Any) -> None:
    """Lets go of functions that ``Model.compile`` makes useless."""
    remove_attribute(model, _ASIDE)


class StepsByCase:
    """The compiled functions of some models, a set of them for each of several cases.

    ``fit`` looks its function up before each batch, so that a callback can change it between two.
    """

    def __init__(self, models: Sequence[Model]) -> None:
        """Makes room for the functions of models.

        Args:
            models: The models; what they have cached belongs to the first case taken.
        """
        self._models = models
        self._kept: dict[Hashable, list[dict[str, Any]]] = {}
        self._case: Hashable = None

    def take(self, case: Hashable) -> bool:
        """Gives the models the functions of a case, new ones where it has none yet.

        Args:
            case: Whatever the functions are compiled for.

        Returns:
            Whether the case is a new one.
        """
        if self._case is None:
            self._case = case
            return True
        if case == self._case:
            return False
        self._kept[self._case] = [self._cached(model) for model in self._models]
        self._case = case
        is_new = case not in self._kept
        functions = self._kept.pop(case, [dict.fromkeys(MAKERS.values())] * len(self._models))
        for model, mine in zip(self._models, functions, strict=True):
            for make, name in MAKERS.items():
                was_there = getattr(model, name) is not None
                setattr(model, name, mine[name])
                if was_there and mine[name] is None:
                    getattr(model, make)()  # ``fit`` under way will not
        return is_new

    def _cached(self, model: Model) -> dict[str, Any]:
        return {name: getattr(model, name) for name in MAKERS.values()}

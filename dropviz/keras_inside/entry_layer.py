"""The layer whose call began the calls under way: the model that a layer is called in.

Keras has no public question for it. Leans on ``CallContext.entry_layer``, which
``Layer.__call__`` keeps under "current_call_ctx" for as long as a call goes on
(keras/src/layers/layer.py). Tried with Keras 3.15.1.
"""

from __future__ import annotations

from typing import Any

from keras.src.backend.common import global_state

_CONTEXT = "current_call_ctx"


def entry_layer() -> Any | None:
    """The outermost layer that is being called in this thread; None between two calls."""
    context = global_state.get_global_attribute(_CONTEXT)
    return getattr(context, "entry_layer", None)

"""Whether JAX has numbers of double precision, which it has not unless it is told to."""

from __future__ import annotations


def has_doubles() -> bool:
    """Whether ``jax_enable_x64`` is set."""
    import jax

    return bool(jax.config.jax_enable_x64)

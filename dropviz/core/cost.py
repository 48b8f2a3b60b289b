"""What dropout costs, measured, and why cuDNN can or cannot help."""

from __future__ import annotations

from dataclasses import dataclass

from dropviz.core.call_paths import word_paths
from dropviz.core.setting import Setting


@dataclass(frozen=True)
class Cost:
    """Seconds of training batches with a setting and without dropout, in turn.

    Attributes:
        batches: Batches of an epoch.
        with_dropout: Median seconds of a batch with the setting.
        without: Median seconds of a batch with both rates 0.
        ratio: Median of the ratios, pair by pair.
        pairs: How many pairs of batches.
        path: The ways that the layer went through the steps with the setting, keys of
            ``dropviz.core.call_paths.CALL_PATHS``, in a batch that ran outside of the graph.
        path_without: The same with both rates 0.
    """

    batches: int
    with_dropout: float
    without: float
    ratio: float
    pairs: int
    path: tuple[str, ...] = ()
    path_without: tuple[str, ...] = ()

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What was measured, as rows of a table."""
        return [
            ("an epoch with these rates", f"{self.with_dropout * self.batches:.2f} s"),
            ("an epoch without dropout", f"{self.without * self.batches:.2f} s"),
            ("ratio", f"{self.ratio:.2f} (median of {self.pairs} pairs of batches)"),
            ("path with these rates", word_paths(self.path)),
            ("path without dropout", word_paths(self.path_without)),
        ]


def cudnn(setting: Setting, *, gpu: bool) -> str:
    """Whether an LSTM with this setting can run on cuDNN, NVIDIA's fast kernels.

    From keras/src/layers/rnn/lstm.py, ``LSTM.inner_loop``: the fast path is taken where
    ``recurrent_dropout`` is 0.

    Args:
        setting: The method with its rates.
        gpu: Whether TensorFlow sees a GPU here.

    Returns:
        "yes" or "no", and why.
    """
    if setting.method != "keras":
        return f"no, because cuDNN has no place for the masks of the method {setting.method}"
    if setting.recurrent_dropout:
        return "no, because recurrent_dropout is above 0 and cuDNN has no recurrent dropout"
    if not gpu:
        return "yes in principle: recurrent_dropout is 0; but there is no GPU here"
    return "yes: recurrent_dropout is 0, and input masks are applied before the kernel"

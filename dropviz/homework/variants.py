"""What each student is asked to build.

Variants differ in the site: an answer to one that differs in less still earns most points.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from dropviz.core.sites import place_of
from dropviz.errors import DropvizError, received
from dropviz.homework.key_file import Key, check_student

_RATES = (0.25, 0.35, 0.4, 0.5)
_STEP, _SEQUENCE = "step", "sequence"
# What Keras's own LSTM does is not asked for: an answer would be one line that wraps it.
_KINDS = (
    ("input", _STEP, "tied"),
    ("input", _STEP, "untied"),
    ("recurrent", _SEQUENCE, "tied"),
    ("recurrent", _STEP, "tied"),
    ("candidate", _STEP, ""),
    ("candidate", _SEQUENCE, ""),
    ("cell", _STEP, ""),
    ("cell", _SEQUENCE, ""),
)


@dataclass(frozen=True)
class Variant:
    """A mask that is asked for.

    Attributes:
        site: Where it multiplies, a key of ``dropviz.core.sites.SITES``.
        life: "step" or "sequence".
        tying: "tied" or "untied"; "" at a site that gates do not share.
        rate: The drop rate, ``0 < rate < 1``.
    """

    site: str
    life: str
    tying: str
    rate: float

    @property
    def sentence(self) -> str:
        """What is asked, in a sentence."""
        gates = {"tied": ", the same for all gates", "untied": ", one for each gate", "": ""}
        life = "a new mask at each step" if self.life == _STEP else "one mask a sequence"
        return (
            f"Mask {place_of(self.site)}: {life}{gates[self.tying]}, one for each sequence of the "
            f"batch, each entry dropped by itself at rate {self.rate:g}, kept entries times "
            "1/(1-rate) in training, nothing at inference."
        )

    @property
    def plain(self) -> dict[str, str | float]:
        """It as a student's notebook holds it: an answer may use it, where no dropviz is."""
        return asdict(self)


def variant_from(plain: object) -> Variant:
    """Reads what ``Variant.plain`` gives.

    Args:
        plain: The fields by name.

    Returns:
        The variant.

    Raises:
        DropvizError: If it is none.
    """
    for each in variants():
        if plain == each.plain:
            return each
    raise DropvizError(
        "asked must be what was handed out, as in asked = "
        f"{variants()[0].plain}. Received: {received(plain)}. Put the cell back."
    )


def variants() -> list[Variant]:
    """All variants that there are."""
    return [Variant(*kind, rate) for kind in _KINDS for rate in _RATES]


def variant_of(key: Key, student: str) -> Variant:
    """The variant of a student.

    Args:
        key: The teacher's key.
        student: The student's id.

    Returns:
        The same each time; nobody without the key can tell which.

    Raises:
        DropvizError: If the id is none.
    """
    drawn = key.digest("build-the-mask", check_student(student))
    sites = sorted({kind[0] for kind in _KINDS})
    site = sites[drawn[0] % len(sites)]
    kinds = [kind for kind in _KINDS if kind[0] == site]
    return Variant(*kinds[drawn[1] % len(kinds)], _RATES[drawn[2] % len(_RATES)])

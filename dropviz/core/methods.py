"""The table of published methods: where each masks, how long a mask lives, how it scales.

Whatever names, builds, draws or recognises a method reads this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rule:
    """What a method does at one site.

    Attributes:
        site: A key of ``dropviz.core.sites.SITES``.
        argument: The argument that gives its rate: a key of ``RATES`` or a rate of ``OPTIONS``
            (``dropviz.core.method_options``).
        life: "step" (a new mask at each time step) or "sequence" (one for all steps).
        tying: "tied" (one mask for all gates), "untied" (one for each); empty at a site
            that gates do not share.
        scaling: "inverted" (kept units times 1/(1-p) in training), "test-time" (times
            1-p at inference), "expectation" (zoneout: the mean at inference) or "none".
        by_sample: Whether each sample of a batch has masks of its own.
        rate: The drop rate, ``0 <= rate < 1``.
    """

    site: str
    argument: str
    life: str
    tying: str
    scaling: str
    by_sample: bool = True
    rate: float = 0.0

    @property
    def kept(self) -> float:
        """What a kept entry is multiplied with in training."""
        return 1 / (1 - self.rate) if self.scaling == "inverted" else 1.0

    @property
    def at_inference(self) -> float:
        """What every entry is multiplied with at inference."""
        return 1 - self.rate if self.scaling in ("test-time", "expectation") else 1.0


@dataclass(frozen=True)
class Method:
    """One published way to drop units in an LSTM: a row of the table.

    Attributes:
        name: What ``method=`` calls it.
        title: Its name in a heading.
        paper: Authors and year.
        link: Where to read it.
        rules: What it does at each site, with the rates left at 0.
        equation: Its equation, in matplotlib's mathtext; ``m`` is the mask.
        summary: What it masks, in a few words.
        misuse: What breaks when it is misunderstood.
        options: Names of the options that it takes besides the rates.
    """

    name: str
    title: str
    paper: str
    link: str
    rules: tuple[Rule, ...]
    equation: str
    summary: str
    misuse: str
    options: tuple[str, ...] = ()


_GAL = ("Gal & Ghahramani 2016", "https://arxiv.org/abs/1512.05287")
_EACH_STEP = Rule("input", "dropout", "step", "tied", "inverted")
_ONE_X = Rule("input", "dropout", "sequence", "tied", "inverted")
_ONE_H = Rule("recurrent", "recurrent_dropout", "sequence", "tied", "inverted")

TABLE = (
    Method(
        "keras",
        "Keras",
        *_GAL,
        (replace(_ONE_X, tying="untied"), replace(_ONE_H, tying="untied")),
        r"$i, f, o, g$ see $m_x \circ x_t$ and $m_h \circ h_{t-1}$",
        "masks x and h, one mask a sequence",
        "recurrent_dropout above 0 gives each gate its own input mask too, and rules out "
        "cuDNN. With one time step recurrent_dropout does nothing: the first h is zero.",
    ),
    Method(
        "zaremba",
        "Zaremba",
        "Zaremba et al. 2014",
        "https://arxiv.org/abs/1409.2329",
        (_EACH_STEP,),
        r"$i, f, o, g$ see $m_t \circ x_t$",
        "masks only the way up, anew at each step",
        "It has no recurrent mask. With one on h as well, drawn anew at each step, it is the "
        "method naive.",
    ),
    Method(
        "naive",
        "Naive",
        "the older practice that Gal & Ghahramani 2016 argue against",
        _GAL[1],
        (_EACH_STEP, replace(_ONE_H, life="step")),
        r"$i, f, o, g$ see $m_t \circ x_t$ and $m'_t \circ h_{t-1}$",
        "masks x and h, anew at each step",
        "Each step masks other units of h, but only as the gates see it: the memory c is not "
        "multiplied, so what is dropped does not add up over the steps. A long sequence is no "
        "reason for a lower rate.",
    ),
    Method(
        "gal-tied",
        "Gal, tied",
        *_GAL,
        (_ONE_X, _ONE_H),
        r"$i, f, o, g$ see $m_x \circ x_t$ and $m_h \circ h_{t-1}$",
        "masks x and h, one mask a sequence for all gates",
        "Drawing the masks anew at each step turns it into the method naive.",
    ),
    Method(
        "gal-untied",
        "Gal, untied",
        *_GAL,
        (replace(_ONE_X, tying="untied"), replace(_ONE_H, tying="untied")),
        r"gate $q$ sees $m_x^q \circ x_t$ and $m_h^q \circ h_{t-1}$",
        "masks x and h, one mask a sequence for each gate",
        "Drawing the masks anew at each step turns it into the method naive. Untied masks "
        "cost time, and the paper's own table finds no gain without averaging many passes.",
    ),
    Method(
        "moon",
        "Moon",
        "RNNDrop, Moon et al. 2015",
        "https://paperexplained.cn/articles/paper/detail/4a5e68033940785468cbe34bd6249106c311acfb",
        (_EACH_STEP, Rule("cell", "recurrent_dropout", "sequence", "", "test-time")),
        r"$c_t = m \circ (f \circ c_{t-1} + i \circ g)$",
        "masks the memory",
        "The memory is multiplied again at every step: with test-time scaling it shrinks by "
        "(1-p) to the power of the steps at inference, with inverted scaling it grows so in "
        "training.",
        ("life", "scaling"),
    ),
    Method(
        "semeniuta",
        "Semeniuta",
        "Semeniuta et al. 2016",
        "https://arxiv.org/abs/1603.05118",
        (_EACH_STEP, Rule("candidate", "recurrent_dropout", "step", "", "test-time")),
        r"$c_t = f \circ c_{t-1} + i \circ (m \circ g)$",
        "masks the update",
        "Masking c instead of g is Moon's method: what is stored is then multiplied at every step.",
        ("life", "scaling"),
    ),
    Method(
        "zoneout",
        "Zoneout",
        "Krueger et al. 2016",
        "https://arxiv.org/abs/1606.01305",
        (
            _EACH_STEP,
            Rule("cell_update", "zoneout_cell", "step", "", "expectation"),
            Rule("hidden_update", "zoneout_hidden", "step", "", "expectation"),
        ),
        r"$c_t = m \circ \tilde{c}_t + (1-m) \circ c_{t-1}$, the same for $h_t$",
        "keeps the previous c and h",
        "A unit that is dropped keeps its value and does not become zero. Some scripts take the "
        "keep rate instead: a rate of .95 for one of .05 leaves out nearly every update.",
        ("zoneout_cell", "zoneout_hidden"),
    ),
    Method(
        "weight-drop",
        "Weight drop",
        "AWD-LSTM, Merity et al. 2017",
        "https://arxiv.org/abs/1708.02182",
        (
            _ONE_X,
            Rule(
                "recurrent_kernel",
                "recurrent_dropout",
                "sequence",
                "untied",
                "inverted",
                by_sample=False,
            ),
        ),
        r"$i, f, o, g$ see $h_{t-1}\,(M \circ U)$",
        "masks the weights on h",
        "One mask serves all samples of a batch. Masking rows of pre-activations, as the "
        "option variational of its code does, is another method.",
    ),
)

METHODS: Mapping[str, Method] = {method.name: method for method in TABLE}

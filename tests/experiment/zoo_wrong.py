"""LSTM layers that a student, or a library, got wrong."""

from __future__ import annotations

from functools import partial

from .zoo_cells import Mask
from .zoo_layers import gal_tied, in_cell, in_loop, one, per_step, wrapped
from .zoo_truth import ACTIVE, RATE, Specimen, at, specimen

KEPT = 1 / (1 - RATE)
X_EACH_STEP = ("zaremba", "naive", "moon", "semeniuta", "zoneout")
X_TIED = ("keras", "gal-tied", "weight-drop")
H_UNTIED = ("keras", "gal-untied")
LAST_ONLY = "only the last output is seen, and with it one mask a call"
ONE_STEP = "it acts at one step only"

H: dict[str, Specimen] = {
    "h_step": one(Mask("recurrent", life="step"), at("recurrent", life="step"), ("naive",)),
    "h_step_untied": one(
        Mask("recurrent", life="step", gates=4), at("recurrent", life="step", tying="untied")
    ),
    "h_tied": one(Mask("recurrent"), at("recurrent"), ("gal-tied",)),
    "h_untied": one(Mask("recurrent", gates=4), at("recurrent", tying="untied"), H_UNTIED),
    "h_one_mask_for_the_batch": one(
        Mask("recurrent", by_sample=False), at("recurrent", same_over_samples=True)
    ),
    "h_not_rescaled": one(Mask("recurrent", kept=1), at("recurrent", scaling="none")),
    "h_rescaled_twice": one(
        Mask("recurrent", kept=KEPT**2), at("recurrent", scaling="other", kept=KEPT**2)
    ),
    "h_active_at_inference": one(
        Mask("recurrent", always=True),
        at("recurrent"),
        active_at_inference=True,
        nearest="gal-tied",
        cannot_tell={"recurrent.at_inference": ACTIVE},
    ),
    "h_rate_and_keep_rate_swapped": one(
        Mask("recurrent", rate=0.7, kept=1 / 0.7),
        at("recurrent", rate=0.7, scaling="other", kept=1 / 0.7),
    ),
    "h_three_gates": one(Mask("recurrent", seen=(0, 1, 3)), at("recurrent", gates=("i", "f", "o"))),
    "h_candidate_gate_only": one(
        Mask("recurrent", seen=(2,)),
        at("recurrent", gates=("g",)),
        cannot_tell={"recurrent.tying": "one gate sees masks"},
    ),
    "h_frozen": one(Mask("recurrent", frozen=True), at("recurrent", frozen=True)),
    "h_all_units_at_once": one(
        Mask("recurrent", by_unit=False), at("recurrent", same_over_units=True)
    ),
    "h_scaled_at_test_time": one(
        Mask("recurrent", kept=1, rest=0.6), at("recurrent", scaling="test-time")
    ),
    "h_divided_at_inference": one(
        Mask("recurrent", rest=KEPT), at("recurrent", scaling="other", kept=KEPT, at_inference=KEPT)
    ),
    "h_everything_dropped": one(
        Mask("recurrent", rate=1.0, kept=1.0),
        at("recurrent", rate=1.0, scaling="none"),
        cannot_tell={
            f"recurrent.{name}": "all is dropped, always"
            for name in (
                *("life", "tying", "scaling", "kept"),
                *("same_over_samples", "same_over_units", "frozen"),
            )
        },
    ),
    "h_gaussian": one(
        Mask("recurrent", gaussian=True),
        at("recurrent", rate=0.0, scaling="other", kept=1.0, gaussian=True),
        cannot_tell={
            f"recurrent.{name}": "not one number: noise of mean 1, nothing is dropped"
            for name in ("kept", "same_over_units")
        },
    ),
}

X: dict[str, Specimen] = {
    "x_step": one(Mask("input", life="step"), at("input", life="step"), X_EACH_STEP),
    "x_step_untied": one(
        Mask("input", life="step", gates=4), at("input", life="step", tying="untied")
    ),
    "x_tied": one(Mask("input"), at("input"), X_TIED),
    "x_untied": one(Mask("input", gates=4), at("input", tying="untied"), ("gal-untied",)),
    "x_one_mask_for_the_batch": one(
        Mask("input", by_sample=False), at("input", same_over_samples=True)
    ),
    "x_active_at_inference": one(
        Mask("input", always=True),
        at("input"),
        active_at_inference=True,
        nearest="keras",
        cannot_tell={"input.at_inference": ACTIVE},
    ),
    "x_three_gates": one(Mask("input", seen=(0, 2, 3)), at("input", gates=("i", "g", "o"))),
    "x_masked_twice": specimen(
        in_cell(Mask("input", rate=0.3, key="one"), Mask("input", rate=0.3, key="two")),
        [at("input", rate=1 - 0.7**2)],  # one mask of that rate: 1 / 0.7 ** 2 is its 1 / (1 - p)
        X_TIED,
    ),
    "x_frozen": one(Mask("input", frozen=True), at("input", frozen=True)),
    "x_whole_time_steps": one(
        Mask("input", life="step", by_unit=False), at("input", life="step", same_over_units=True)
    ),
    "x_first_step_only": specimen(
        in_loop(Mask("input", first_only=True)),
        [at("input", steps="first")],
        cannot_tell={"input.life": ONE_STEP},
    ),
    "x_dropout_layer_inside": specimen(per_step, [at("input", life="step")], X_EACH_STEP),
}

MEMORY: dict[str, Specimen] = {
    "c_for_h": one(Mask("cell"), at("cell"), ("moon",), nearest="keras"),
    "c_step": one(Mask("cell", life="step"), at("cell", life="step"), ("moon",), nearest="naive"),
    "c_carried": one(Mask("carried"), at("carried"), nearest="moon"),
    "forget_gate_after_activation": one(Mask("forget_gate"), at("carried"), nearest="moon"),
    "forget_gate_each_step": one(
        Mask("forget_gate", life="step", kept=1, rest=0.6),
        at("carried", life="step", scaling="test-time"),
        nearest="moon",
    ),
    "candidate_and_input_gate": specimen(
        in_cell(
            Mask("candidate", life="step", key="one"), Mask("input_gate", life="step", key="one")
        ),
        [at("candidate", life="step", scaling="other", kept=KEPT**2)],
        nearest="semeniuta",
    ),
    "candidate_and_input_gate_apart": specimen(
        in_cell(
            Mask("candidate", rate=0.3, life="step", kept=1, rest=0.7),
            Mask("input_gate", rate=0.3, life="step", kept=1, rest=0.7),
        ),
        [at("candidate", rate=1 - 0.7**2, life="step", scaling="test-time")],
        ("semeniuta",),
    ),
    "input_gate_after_activation": one(
        Mask("input_gate", life="step"), at("candidate", life="step"), ("semeniuta",)
    ),
}

WAY_OUT: dict[str, Specimen] = {
    "output_step": one(Mask("output", life="step"), at("output", life="step")),
    "output_sequence": one(Mask("output"), at("output")),
    "h_and_output": specimen(
        in_cell(Mask("hidden")),
        [at("output"), at("recurrent", steps="later", same_mask_as="output")],
        nearest="gal-tied",
    ),
    "h_and_output_step": specimen(
        in_cell(Mask("hidden", life="step")),
        [
            at("output", life="step"),
            at("recurrent", life="step", steps="later", same_mask_as="output"),
        ],
        nearest="naive",
    ),
}
WAY_OUT["output_step_last"] = specimen(
    partial(in_cell(Mask("output", life="step")), return_sequences=False),
    [at("output", life="step")],
    cannot_tell={"output.life": LAST_ONLY},
)

SEVERAL: dict[str, Specimen] = {
    "x_and_h_each_step": specimen(
        in_cell(Mask("input", life="step"), Mask("recurrent", rate=0.3, life="step")),
        [at("input", life="step"), at("recurrent", rate=0.3, life="step")],
        ("naive",),
    ),
    "x_untied_h_tied": specimen(
        in_cell(Mask("input", gates=4), Mask("recurrent", rate=0.3)),
        [at("input", tying="untied"), at("recurrent", rate=0.3)],
        nearest="gal-untied",
    ),
    "x_tied_h_untied": specimen(
        in_cell(Mask("input"), Mask("recurrent", rate=0.3, gates=4)),
        [at("input"), at("recurrent", rate=0.3, tying="untied")],
        nearest="keras",
    ),
    "x_mask_on_h_of_the_next_gate": specimen(
        in_cell(Mask("input", gates=4, key="one"), Mask("recurrent", gates=4, key="one", turned=1)),
        [at("input", tying="untied"), at("recurrent", tying="untied", same_mask_as="input")],
        nearest="keras",
    ),
    "h_and_candidate": specimen(
        in_cell(Mask("recurrent"), Mask("candidate", rate=0.3, life="step")),
        [at("recurrent"), at("candidate", rate=0.3, life="step")],
        nearest="gal-tied",
    ),
    "own_loop_redraws": specimen(
        gal_tied(redrawn=True),
        [at("input", life="step"), at("recurrent", rate=0.3, life="step")],
        ("naive",),
        nearest="gal-tied",
    ),
    "own_loop_mask_on_c": specimen(in_loop(Mask("carried")), [at("carried")], nearest="keras"),
    "wrapped_cell_frozen": specimen(
        wrapped,
        [
            at("input", tying="untied", frozen=True),
            at("recurrent", rate=0.3, tying="untied", frozen=True),
        ],
        nearest="keras",
        fixed_batch=True,
    ),
    "rates_ignored": specimen(in_cell(), []),
}

WRONG = {**H, **X, **MEMORY, **WAY_OUT, **SEVERAL}

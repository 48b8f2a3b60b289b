"""Zoneout, weight drop and masks on pre-activations that went wrong, or look as if."""

from __future__ import annotations

from typing import Any

from .zoo_cells import Mask
from .zoo_layers import in_cell, one
from .zoo_truth import ACTIVE, Specimen, at, specimen

ZONEOUT: dict[str, Specimen] = {
    "zoneout_inference_not_swapped": specimen(  # keeps the old value with chance 1 - z
        in_cell(
            Mask("cell_update", rate=0.7, life="step", kept=1, rest=0.7),
            Mask("hidden_update", rate=0.7, life="step", kept=1, rest=0.7),
        ),
        [
            at(site, rate=0.7, life="step", scaling="other", at_inference=0.7)
            for site in ("cell_update", "hidden_update")
        ],
        nearest="zoneout",
    ),
    "zoneout_keep_and_drop_swapped": specimen(
        in_cell(
            Mask("cell_update", rate=0.7, life="step", kept=1, rest=0.3),
            Mask("hidden_update", rate=0.9, life="step", kept=1, rest=0.1),
        ),
        [
            at("cell_update", rate=0.7, life="step", scaling="expectation"),
            at("hidden_update", rate=0.9, life="step", scaling="expectation"),
        ],
        ("zoneout",),
    ),
    "zoneout_h_only": one(
        Mask("hidden_update", life="step", kept=1, rest=0.6),
        at("hidden_update", life="step", scaling="expectation"),
        ("zoneout",),
    ),
    "zoneout_one_mask_for_c_and_h": specimen(
        in_cell(
            Mask("cell_update", life="step", kept=1, rest=0.6, key="one"),
            Mask("hidden_update", life="step", kept=1, rest=0.6, key="one"),
        ),
        [
            at("cell_update", life="step", scaling="expectation"),
            at("hidden_update", life="step", scaling="expectation", same_mask_as="cell_update"),
        ],
        nearest="zoneout",
    ),
    "zoneout_sequence": one(
        Mask("cell_update", kept=1, rest=0.6),
        at("cell_update", scaling="expectation"),
        nearest="zoneout",
    ),
}

_KERNEL: dict[str, Any] = {"gates": 4, "by_sample": False}
_ENTRIES: dict[str, Any] = {"tying": "untied", "same_over_samples": True}
KERNELS: dict[str, Specimen] = {
    "weight_drop_step": one(
        Mask("recurrent_kernel", life="step", **_KERNEL),
        at("recurrent_kernel", life="step", **_ENTRIES),
        nearest="weight-drop",
    ),
    "weight_drop_per_sample": one(
        Mask("recurrent_kernel", gates=4),
        at("recurrent_kernel", tying="untied"),
        nearest="weight-drop",
    ),
    "weight_drop_tied": one(
        Mask("recurrent_kernel", by_sample=False),
        at("recurrent_kernel", same_over_samples=True),
        nearest="weight-drop",
    ),
    "weight_drop_on_input_kernel": one(
        Mask("input_kernel", **_KERNEL), at("input_kernel", **_ENTRIES), nearest="weight-drop"
    ),
    "awd_variational": one(  # rows of weight_hh, and always in training mode, as in its code
        Mask("product_h", always=True, **_KERNEL),
        at("recurrent_product", **_ENTRIES),
        nearest="weight-drop",
        active_at_inference=True,
        cannot_tell={"recurrent_product.at_inference": ACTIVE},
    ),
    "product_h": one(
        Mask("product_h", gates=4), at("recurrent_product", tying="untied"), nearest="gal-untied"
    ),
    "product_x": one(
        Mask("product_x", gates=4), at("input_product", tying="untied"), nearest="gal-untied"
    ),
    "products_both": specimen(
        in_cell(Mask("product_x", rate=0.3, gates=4), Mask("product_h", gates=4)),
        [at("input_product", rate=0.3, tying="untied"), at("recurrent_product", tying="untied")],
        nearest="gal-untied",
    ),
}

WEIGHTS = {**ZONEOUT, **KERNELS}

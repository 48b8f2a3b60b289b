"""The experiment: one place after another is made to speak, and is listened to."""

from __future__ import annotations

from dropviz.errors import DropvizError
from dropviz.experiment.input_sites import (
    find_input_masks,
    find_mask_for_both,
    read_structure,
    read_ties,
)
from dropviz.experiment.later_calls import doubt_what_changes
from dropviz.experiment.mask_lives import read_lives
from dropviz.experiment.observations import Doubt
from dropviz.experiment.observe import ARROWS, Observer
from dropviz.experiment.preconditions import check_fit
from dropviz.experiment.rare_masks import doubt_what_was_not_placed
from dropviz.experiment.run_limit import SECONDS, OutOfTimeError
from dropviz.experiment.state_sites import (
    find_cell_zoneout,
    find_direction_again,
    find_state_masks,
    find_zoneout,
)
from dropviz.experiment.unexplained import (
    doubt_other_units_instead,
    doubt_what_is_unexplained,
    withdraw_what_differs_by_unit,
)
from dropviz.experiment.unlike_masks import adds_at_random, varies_by_what_it_sees


def find_all_masks(observer: Observer) -> None:
    """Finds what multiplies where in a layer.

    Args:
        observer: It runs the layer, and is told what was found.

    Raises:
        DropvizError: If masks could not be read off the layer's outputs, or not in time.
    """
    try:
        check_fit(observer.harness)
        _find_places(observer)
    except OutOfTimeError:
        limit = observer.harness.limit
        raise DropvizError(
            f"{observer.harness.layer.name!r} takes {limit.seconds / limit.runs:.2g} s a run on "
            f"{observer.harness.samples} samples, so that {SECONDS:.0f} s were over before every "
            "place had been looked at: it cannot be told where it drops. Explain the same layer "
            f"{_more_samples(observer)}on a machine that is idle."
        ) from None
    try:
        _find_manners(observer)
    except OutOfTimeError:
        for place in observer.places.values():
            place.late = True


def _more_samples(observer: Observer) -> str:
    few = observer.harness.samples < observer.harness.enough
    return "with more samples in a batch, or " if few else ""


def _find_places(observer: Observer) -> None:
    if adds_at_random(observer):
        # What is read off beside it would be no mask.
        observer.doubt(Doubt.ODD)
        return
    # Whatever is found is allowed for in what comes after it.
    find_zoneout(observer)
    find_state_masks(observer)
    if withdraw_what_differs_by_unit(observer):
        return
    find_input_masks(observer)
    if withdraw_what_differs_by_unit(observer):
        return
    find_direction_again(observer)
    find_cell_zoneout(observer)
    doubt_what_was_not_placed(observer)
    doubt_other_units_instead(observer)


def _find_manners(observer: Observer) -> None:
    """How masks at each place that was found live, and what shares them."""
    plain = [site for site in observer.places if not observer.noisy(site)]
    for site in [site for site in ARROWS if site in plain]:
        read_ties(observer, site)
        read_structure(observer, site)
    find_mask_for_both(observer)
    for site in plain:
        read_lives(observer, site)
    doubt_what_changes(observer)
    doubt_what_is_unexplained(observer)
    # Last of all: whatever was found or doubted says more.
    if not (observer.places or observer.doubts) and varies_by_what_it_sees(observer):
        observer.doubt(Doubt.ODD)

"""The experiment: one place after another is made to speak, and is listened to."""

from __future__ import annotations

from dropviz.experiment.input_sites import (
    find_input_masks,
    find_mask_for_both,
    read_structure,
    read_ties,
)
from dropviz.experiment.mask_lives import read_lives
from dropviz.experiment.observe import ARROWS, Observer
from dropviz.experiment.preconditions import check_fit
from dropviz.experiment.state_sites import (
    find_cell_zoneout,
    find_direction_again,
    find_state_masks,
    find_zoneout,
)


def find_all_masks(observer: Observer) -> None:
    """Finds what multiplies where in a layer.

    Args:
        observer: It runs the layer, and is told what was found.

    Raises:
        DropvizError: If masks could not be read off the layer's outputs.
    """
    check_fit(observer.harness)
    # Whatever is found is allowed for in what comes after it.
    find_zoneout(observer)
    find_state_masks(observer)
    find_input_masks(observer)
    find_direction_again(observer)
    find_cell_zoneout(observer)
    for site in [s for s in ARROWS if s in observer.places and not observer.noisy(s)]:
        read_ties(observer, site)
        read_structure(observer, site)
    find_mask_for_both(observer)
    for site in [s for s in observer.places if not observer.noisy(s)]:
        read_lives(observer, site)

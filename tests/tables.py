"""What tests ask the tables of sites and options for, in short."""

from __future__ import annotations

from dropviz.core.method_options import OPTIONS
from dropviz.core.sites import MASKABLE, SITES

LIVES, SCALINGS = OPTIONS["life"].choices, OPTIONS["scaling"].choices
VARIANTS, ZONES = ("life", "scaling"), ("zoneout_cell", "zoneout_hidden")
PLACES = {name: SITES[name].place for name in MASKABLE}
WHERE = {name: site.place for name, site in SITES.items()}
STRAYS = {name: place for name, place in WHERE.items() if name not in PLACES}
GATED = ("input", "recurrent", "recurrent_kernel")
ZONED = ("hidden_update", "cell_update")

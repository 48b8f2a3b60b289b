"""Programs in the manner of what people write: each trains, and gives its models back.

They are our own, small, and follow what is named in each. None knows dropviz.
"""

from __future__ import annotations

from .parts import Table
from .programs_adversaries import ADVERSARIES
from .programs_agents import AGENTS
from .programs_anomalies import ANOMALIES
from .programs_between_steps import BETWEEN_STEPS
from .programs_copies import COPIES
from .programs_first import FIRST
from .programs_first_loops import FIRST_LOOPS
from .programs_fitted_again import FITTED_AGAIN
from .programs_fitting import FITTING
from .programs_loops import LOOPS
from .programs_models import MODELS
from .programs_series import SERIES
from .programs_teachers import TEACHERS
from .programs_text import TEXT
from .programs_translation import TRANSLATION

PROGRAMS: Table = (
    FIRST
    | FIRST_LOOPS
    | TEXT
    | TRANSLATION
    | SERIES
    | ANOMALIES
    | MODELS
    | COPIES
    | FITTING
    | FITTED_AGAIN
    | LOOPS
    | BETWEEN_STEPS
    | ADVERSARIES
    | TEACHERS
    | AGENTS
)

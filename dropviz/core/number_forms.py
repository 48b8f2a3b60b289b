"""How a person writes numbers, and how large they may be."""

from __future__ import annotations

import re

# Python's own readers take the digits of every script, and underscores between them.
DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
WHOLE = re.compile(r"[-+]?\d+", re.ASCII)
MOST_SEED = 2**32 - 1
MOST_BATCH = 10**9 - 1  # that a scenario writes
MOST = 2**31 - 1  # of what Keras counts, in numbers of 32 bits

"""What a model's passes with its masks on say: words, and the fan."""

from __future__ import annotations

from IPython.display import display

from dropviz.core.doubt import Doubt
from dropviz.core.doubt_card import DoubtCard
from dropviz.figures.fan import fan
from dropviz.jupyter import mime


def show_card(card: DoubtCard) -> None:
    """Shows how far the spread can be trusted.

    Args:
        card: What was measured.
    """
    display(mime.words([card.title, card.table, *card.sentences]), raw=True)


def show_doubt(doubt: Doubt) -> None:
    """Shows the passes in a notebook.

    Args:
        doubt: The passes.
    """
    display(mime.words(doubt.sentences), raw=True)
    mime.picture(fan(doubt))

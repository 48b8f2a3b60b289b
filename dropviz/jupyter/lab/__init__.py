"""The lab: a panel of sliders that act on a real LSTM while it trains."""

"""The published methods as real Keras layers, with rates that may be variables."""

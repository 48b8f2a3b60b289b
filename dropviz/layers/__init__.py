"""The real Keras layer: the only folder that touches its inside."""

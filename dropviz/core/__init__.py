"""Values and mathematics: NumPy only, no Keras, no pictures."""

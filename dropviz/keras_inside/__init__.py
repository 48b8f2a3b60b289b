"""The seams to Keras: every private name of Keras and its backends, one small function each."""

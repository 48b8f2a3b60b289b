"""The seams to Keras: every private name of Keras and TensorFlow, one small function each."""

"""Behaviours of Keras that surprise people, run live."""

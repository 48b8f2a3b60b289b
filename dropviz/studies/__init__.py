"""Training, and many trainings."""

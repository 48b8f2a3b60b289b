"""The masks that real layers used while they trained, and one pass opened."""

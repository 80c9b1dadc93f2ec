"""A resource graph as files that other tools read."""

"""Policies over a resource graph."""

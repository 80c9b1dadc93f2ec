"""Evaluate a stack in process and describe its resources."""

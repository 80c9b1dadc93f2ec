"""Reusable Pulumi components; they never read configuration and never export."""

"""Composition only: settings, platform, exports."""

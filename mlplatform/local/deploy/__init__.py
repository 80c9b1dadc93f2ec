"""Deployment of a graph with kubectl and helm, where the Pulumi CLI is not to be had.

``run.deploy`` deploys, ``status.status`` compares with the live cluster. What is decided here is what goes in and what
is kept; kubectl and helm do the rest. Imports nothing by itself, as helm starts ``post_renderer`` for every release.
"""

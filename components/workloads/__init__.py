"""What teams run: workspaces, scoring jobs."""

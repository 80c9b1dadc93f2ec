"""The laptop environment: a real control plane, and deployment to it."""

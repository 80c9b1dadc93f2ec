"""Components of Google Cloud: what an environment on GKE is made of."""

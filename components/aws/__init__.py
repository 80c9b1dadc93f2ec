"""Components of Amazon Web Services: what an environment on EKS is made of."""

"""The cloud contract on a laptop: Karpenter over simulated nodes, directories and local services."""

"""Adapters: one folder a platform, the same files in each. They translate and do nothing else."""

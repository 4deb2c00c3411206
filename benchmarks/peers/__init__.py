"""Other trackers on the same machine, driven by the same client: installed from PyPI on demand, outside the repository."""

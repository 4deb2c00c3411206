"""What runs under the peers' own Python: nothing of Linli is imported here, and nothing of this by Linli."""

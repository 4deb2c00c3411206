"""The demonstration: the example street, a few neighbours, and records so that no page is empty."""

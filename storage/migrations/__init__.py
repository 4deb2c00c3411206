"""The schema's history, one file a step, applied forward at the start of the program."""

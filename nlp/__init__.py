"""Text in, findings out: segmentation, kind, place, intent, urgency, masking. No database, no network."""

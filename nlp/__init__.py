"""Text in, findings out: segmentation, kind, place, intent, urgency, masking. No database, no network."""

import os

# Only single characters are asked for their sound: without pypinyin's phrases the program is 60 MB smaller.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

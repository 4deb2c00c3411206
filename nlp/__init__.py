"""Text in, findings out: segmentation, kind, place, intent, urgency, masking. No database, no network."""

import os

# Only single characters are asked for their sound: without phrases and a second copy pypinyin needs 60 MB less.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

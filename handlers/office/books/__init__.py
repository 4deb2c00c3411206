"""Books that a street brings from Excel: one module a kind, how a file is read, and how it is taken in."""

import os

# Ids of estates are made of single characters' sounds: without phrases and a second copy pypinyin needs 60 MB less.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

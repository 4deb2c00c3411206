"""Books that a street brings from Excel: one module a kind, how a file is read, and how it is taken in."""

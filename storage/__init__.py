"""Everything that knows SQL: one schema, one module per record kind."""

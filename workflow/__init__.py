"""The rules: pure functions and frozen values. No I/O, no asyncio, no clock of its own."""

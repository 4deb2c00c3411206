"""Conversations and use-cases: what happens when a person says or presses something, or time passes. Channel-neutral."""

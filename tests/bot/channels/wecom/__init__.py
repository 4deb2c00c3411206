"""Tests of the WeCom channel: shapes, cards, sending, callbacks, the bot, against the local platform."""

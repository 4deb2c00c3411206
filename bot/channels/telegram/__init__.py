"""Telegram through python-telegram-bot types; receipt, order and timers are ours."""

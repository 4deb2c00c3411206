"""The web desk (工作台): the same rules as in chat, for people who work at a screen. Pages and routes are in `bot/web`."""

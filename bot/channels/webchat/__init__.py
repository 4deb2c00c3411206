"""The built-in web chat: the embedded default channel, its own small platform on our database."""

"""One ASGI app: web chat, rooms, wish wall, webhooks, health."""

"""The door: settings, wiring, server, pages and the command; nothing imports it."""

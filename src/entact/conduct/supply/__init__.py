"""Kits of a site: what arrives, where it is, what is handed out, counted and destroyed."""

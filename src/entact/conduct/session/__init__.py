"""The dosing day: a console for the room, that works without a network, and what it sends."""

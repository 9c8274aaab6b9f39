"""What goes wrong before or behind a page, in words."""


class ConductError(Exception):
    """The pages cannot be shown: what is wrong, and what would be right."""

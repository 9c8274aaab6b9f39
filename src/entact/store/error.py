"""What the record could not do, said in one sentence for the person in front of it."""


class StoreError(Exception):
    """The database cannot be reached, made or used as asked; the message says why and what would be right."""

"""What monitors do: verification against the source, listings, what changed since they were there."""

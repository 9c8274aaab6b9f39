"""Reports on the whole study that are owed at intervals."""

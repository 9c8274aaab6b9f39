"""What has been made of entries, by theme, and what can be read off it."""

"""What is done without anybody asking: verification, copies for the sites, reminders, and a sign of life."""

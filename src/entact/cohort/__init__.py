"""Virtual participants and staff, who rehearse a study through the same checks as real ones."""

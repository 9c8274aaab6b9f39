"""How sessions are held against their content checklists: the sample, and what was rated of it."""

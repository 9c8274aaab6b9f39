"""Who may take part: each criterion with what the record says of it, and the investigator's decision."""

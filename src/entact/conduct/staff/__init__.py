"""Who may do what at a site: delegated, certified, signed by the investigator."""

"""What is entered beside forms: events, medicines, deviations, consent, eligibility, what stops."""

"""Files of participants: checked, kept under the participant's key, given to the staff of the site."""

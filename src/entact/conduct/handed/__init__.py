"""A questionnaire in the participant's own hands: a locked page on a tablet of the site."""

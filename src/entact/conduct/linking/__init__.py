"""With whom a participant takes part: the patient of a carer, the partner of a couple."""

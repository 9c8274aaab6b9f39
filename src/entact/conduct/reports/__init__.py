"""What is made of the whole record for those who may know arms: datasets, analyses, their pages."""

"""What is done by itself, as the pages know of it: by whom it was last said, and when."""

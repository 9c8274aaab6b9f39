"""Tables, figures and documents of what the datasets hold and the analysis returned."""

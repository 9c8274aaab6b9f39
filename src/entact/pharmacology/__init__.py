"""What a dose does, minute by minute, in a person or a population: plasma, monoamines, hormones, heart.

Research software on simulated people: nothing of a running study reads it.
"""

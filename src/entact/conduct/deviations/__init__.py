"""The deviation log: departures from the protocol that somebody reported, across participants."""

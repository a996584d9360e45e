"""What annotations say about arguments: which they admit, and which of two is the narrower."""

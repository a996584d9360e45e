"""What is there of a distribution: its files, what its RECORD says of them, and what it needs."""

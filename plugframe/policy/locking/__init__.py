"""What is installed, file by file, as it was when somebody agreed to it; and whether it still is."""

"""The course, and the command that opens it: python3 -m course."""

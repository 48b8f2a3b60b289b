"""What recording and watching cost: ``python -m benchmarks`` prints the table."""

"""What was said? Words treated as words."""

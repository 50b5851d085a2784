"""What if? Choosing by imagining."""

"""What is remembered? Stores that outlive an episode and are read while acting."""

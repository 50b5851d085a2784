"""Where do things happen? Worlds under one contract: six keys, one observation, seeds that repeat."""

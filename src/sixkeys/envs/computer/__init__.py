"""Where a small simulated computer is operated: a desktop and seven applications under six keys."""

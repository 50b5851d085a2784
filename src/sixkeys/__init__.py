"""Sixkeys: one small agent, six keys, many worlds."""

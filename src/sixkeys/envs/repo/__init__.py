"""Can a repository be repaired with six keys? Real files, real pytest, a sandbox around both."""

"""Who thinks? Perception -> WorldModel -> SelfModel -> Workspace -> Policy and Value."""

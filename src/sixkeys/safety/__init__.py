"""May I? Laws that hold in both modes; nothing here learns."""

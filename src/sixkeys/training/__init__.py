"""What is learned? Weights change here and are kept here."""

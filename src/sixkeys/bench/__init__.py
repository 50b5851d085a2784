"""How good is it? Numbers for people, always masked and unmasked."""

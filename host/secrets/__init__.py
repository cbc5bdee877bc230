"""What is kept secret: the vault, its keys, the secrets that have names, and what strikes them out of text."""

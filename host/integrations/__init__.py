"""Integrations as they are kept: uploaded, published in versions, their config variables filled in."""

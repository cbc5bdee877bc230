"""The host's HTTP edge and its pages."""

"""The way in, of a webhook or of what the host starts by itself: found, verified, accepted on disk, answered."""

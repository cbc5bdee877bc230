"""Which of several processes acts: its place, its life, its locks. It knows the settings alone."""

"""The pages: one file a subject, each with its paths at the end."""

"""The command ``twilio-connector``."""

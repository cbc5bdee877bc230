"""A local Twilio: state in memory, a phone in a page, faults on demand. It imports nothing else of this project."""

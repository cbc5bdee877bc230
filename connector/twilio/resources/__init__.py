"""Every resource of Twilio's that the component knows, declared once: actions, triggers and tests stand on these."""

"""The public names as a consumer uses them: read by the strict type checker, never run."""

import twilio_connector.connector

reveals_nothing = twilio_connector.connector.__name__

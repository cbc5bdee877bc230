"""The host's loggers, which it takes from here only: of each it strikes out secrets."""

import logging
from typing import Literal, get_args

_HOST = "twilio_connector"
Subject = Literal["api", "calls", "engine", "flow", "registrations", "schedules", "webhooks"]


def logger(subject: Subject | None = None) -> logging.Logger:
    """Of a subject, or without one of the host as a whole."""
    return logging.getLogger(f"{_HOST}.{subject}" if subject else _HOST)


LOGGERS = (logging.getLogger(), logging.getLogger("dbos"), logger(), *map(logger, get_args(Subject)))

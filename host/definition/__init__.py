"""Integration files: the platform's definition grammar, read strictly and checked against what is installed."""

from .check import check, require
from .config import configure
from .parse import parse, read
from .problems import IntegrationInvalid, Problem

__all__ = ["IntegrationInvalid", "Problem", "check", "configure", "parse", "read", "require"]

"""Integration files: the platform's definition grammar, read strictly and checked against what is installed."""

from .check import check, require
from .parse import parse, read
from .problems import IntegrationInvalid, Problem

__all__ = ["IntegrationInvalid", "Problem", "check", "parse", "read", "require"]

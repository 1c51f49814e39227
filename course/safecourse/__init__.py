"""What the lessons show: facts and contacts, each with its source and the day it was checked."""

from .show import contacts, facts, sources

__all__ = ["contacts", "facts", "sources"]

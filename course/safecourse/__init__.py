"""What the lessons show: facts and contacts, each with its source and the day it was checked."""

from .show import by_nation, contacts, facts, sources

__all__ = ["by_nation", "contacts", "facts", "sources"]

"""A port for a server of the tests' own. Standard library only."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port that nothing uses at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]

"""What goes wrong in an instructor's hands, and how whom it concerns is named."""

from collections.abc import Sequence


class UserError(Exception):
    """Something a user can mend; the message is one plain sentence that says what and how."""


def listed(codes: Sequence[str], most: int) -> str:
    """Return codes with commas between them; of a long list the first `most`, and how many more there are."""
    more = f" and {len(codes) - most} more" if len(codes) > most else ""
    return ", ".join(codes[:most]) + more

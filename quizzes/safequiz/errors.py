"""What goes wrong in an instructor's hands."""


class UserError(Exception):
    """Something a user can mend; the message is one plain sentence that says what and how."""

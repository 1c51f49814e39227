"""The quizzes, and the command for whoever marks them: python3 -m quizzes."""

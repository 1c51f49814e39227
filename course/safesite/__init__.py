"""The course as plain web pages: built from the lessons and the bank, for any web server or none at all."""

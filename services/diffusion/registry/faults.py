"""Why something from outside cannot become a model."""


class Refused(Exception):
    """It is not taken; the text says why in words that follow the name of the file."""

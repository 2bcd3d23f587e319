"""What is said when a template cannot be used."""


class TemplateError(Exception):
    """A template is missing or wrong; the message names the file and the mend, for people."""

"""Reads out of a wire agent what tests of the program do not read yet: the letters of `m/`, and which of them tell where the credentials were found."""

# Letters that tell a source of credentials (botocore's useragent.py names them); all others are features.
CREDENTIALS = frozenset("e g h i k n o p q r s t u v w x z 0 8 3 AC AD".split())


def letters(agent):
    """All ids behind `m/`, as a set: their order changes from call to call, and there may be several lists."""
    return {one for word in agent.split(" ") if word.startswith("m/") for one in word[2:].split(",") if one}


def credential_letters(agent):
    return " ".join(sorted(letters(agent) & CREDENTIALS)) or "-"

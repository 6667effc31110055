#!/usr/bin/env python3
"""Writes deploy/aws/forwarder/index.js into deploy/aws/s3-lambda.yaml, so that one file deploys it. `inline.py --check` only compares."""
import re
import sys
from pathlib import Path

AWS = Path(__file__).resolve().parents[2] / "deploy/aws"
TEMPLATE, SOURCE = AWS / "s3-lambda.yaml", AWS / "forwarder/index.js"
CODE = re.compile(r"(\n +ZipFile: \|\n)((?: {10}.*\n|\n)+)")


def inlined(template, source):
    indented = "".join(f"{' ' * 10}{line}\n" if line else "\n" for line in source.splitlines())
    return CODE.sub(lambda found: found.group(1) + indented + "\n", template, count=1)


def main():
    template = TEMPLATE.read_text()
    wanted = inlined(template, SOURCE.read_text())
    if "--check" not in sys.argv:
        TEMPLATE.write_text(wanted)
    elif wanted != template:
        sys.exit(f"{TEMPLATE.name} holds another forwarder than {SOURCE.name}: run tests/deploy/inline.py")


if __name__ == "__main__":
    main()

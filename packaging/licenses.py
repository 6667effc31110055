"""The license of a Debian package, read from its /usr/share/doc/PACKAGE/copyright: no license is written down here that is not there.

Most files have Debian's form (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/). Taken is what `Files: *` is under; the licenses of
single files are named beside it. A name without a twin in SPDX's list becomes a LicenseRef with the text.
"""
import re
import sys
from pathlib import Path

DOCUMENTS = Path("/usr/share/doc")
# Debian's short name, in small letters -> SPDX's. Debian's "BSD-4-clause" and such stand for texts that differ, so they are not here.
SPDX_NAMES = {
    "apache-2.0": "Apache-2.0", "boost": "BSL-1.0", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "bsl-1.0": "BSL-1.0",
    "expat": "MIT", "gpl-2": "GPL-2.0-only", "mit": "MIT", "openldap-2.8": "OLDAP-2.8", "zlib": "Zlib",
}
# Source packages whose file is prose: the words that must stand in it, and what they mean.
PROSE = {
    "gcc-12": ("The following runtime libraries are licensed under the terms of the GNU General Public License (v3 or later) with version 3.1 of the "
               "GCC Runtime Library Exception", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "glibc": ("Most of the GNU C library is under the following copyright: Copyright (C) 1991-2015 Free Software Foundation, Inc. The GNU C Library is "
              "free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General Public License as published by the "
              "Free Software Foundation; either version 2.1 of the License, or (at your option) any later version.", "LGPL-2.1-or-later"),
}


def paragraphs(text):
    """A list of {field in small letters: value}, in Debian's form; lines that go on keep their ends."""
    found = []
    for block in re.split(r"\n[ \t]*\n", text):
        fields = re.findall(r"^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)", block, re.M)
        found.append({name.lower(): value for name, value in fields})
    return found


def name_of(value):
    return value.split("\n")[0].strip()


def plain(value):
    """The text of a license: a line with a dot alone stands for an empty one."""
    lines = [line[1:] if line[:1] in " \t" else line for line in value.split("\n")[1:]]
    return "\n".join("" if line.strip() == "." else line.rstrip() for line in lines).strip()


class License:
    """What the copyright file of a package says."""

    def __init__(self, package, source):
        self.path = DOCUMENTS / package / "copyright"
        self.source = source
        self.extracted = {}     # LicenseRef -> (Debian's name, text)
        text = self.path.read_text(encoding="utf-8")
        if source in PROSE:
            self.others = []
            self.expression = self._from_prose(text)
        else:
            self._paragraphs = paragraphs(text)
            self.expression = self._from_form()

    def _fail(self, why):
        sys.exit(f"sbom: {self.path}: {why}; read it, and say in packaging/licenses.py what it means")

    def _from_prose(self, text):
        words, means = PROSE[self.source]
        if words not in " ".join(text.split()):
            self._fail("does not say any more what it said")
        return means

    def _from_form(self):
        of_files = [part for part in self._paragraphs if "files" in part]
        whole = next((name_of(part["license"]) for part in of_files if part["files"].split() == ["*"]), None)
        if whole is None:
            self._fail("has no license of `Files: *`")
        self.others = sorted({name_of(part["license"]) for part in of_files if not part["files"].startswith("debian/")} - {whole})
        words = re.split(r",? (and|or) ", whole)
        return " ".join(word.upper() if word in ("and", "or") else self._spdx(word) for word in words)

    def _spdx(self, name):
        if name.lower() in SPDX_NAMES:
            return SPDX_NAMES[name.lower()]
        text = next((plain(part["license"]) for part in self._paragraphs if name_of(part.get("license", "")) == name and plain(part["license"])), None)
        if text is None:
            self._fail(f"has no text of the license {name}")
        reference = "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", f"{self.source}-{name}")
        self.extracted[reference] = (name, text)
        return reference

    @property
    def comment(self):
        said = f"of `Files: *` in {self.path}" if self.source not in PROSE else f"as {self.path} says of the library"
        return said + (f"; single files of the source are under {', '.join(self.others)}" if self.others else "")

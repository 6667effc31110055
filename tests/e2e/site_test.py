#!/usr/bin/env python3
"""The manual is built as a static site: no link is broken, each page is there, and nothing is loaded from elsewhere. Skipped where MkDocs is missing."""
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from installation import scratch_folder

ROOT = Path(__file__).resolve().parents[2]
LOADED = re.compile(r"<(?:script|img|iframe)[^>]*\bsrc=\"([^\"]+)\"|<link[^>]*\brel=\"(?:stylesheet|shortcut icon)\"[^>]*\bhref=\"([^\"]+)\"")
BUILD_S_MAX = 120


class Site(unittest.TestCase):
    def test_each_page_of_the_manual_is_there_and_loads_what_is_beside_it(self):
        with scratch_folder() as folder:
            said = subprocess.run([ROOT / "tools/site", folder / "site"], capture_output=True, text=True, timeout=BUILD_S_MAX, check=False)
            self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
            first = (folder / "site/docs/index.html").read_text()
            for page in (ROOT / "docs").glob("*.md"):
                if page.name != "README.md":
                    self.assertIn(f'href="{page.stem}/"', first, "in the navigation")
            for page in (ROOT / "docs").rglob("*.md"):
                place = folder / "site" / page.relative_to(ROOT).with_suffix("")
                built = (place.parent if page.name == "README.md" else place) / "index.html"
                text = built.read_text()
                loaded = [script or style for script, style in LOADED.findall(text)]
                self.assertGreater(len(loaded), 0, built)
                for address in loaded:
                    self.assertNotRegex(address, r"^(?:\w+:)?//", built)
                    self.assertTrue((built.parent / address.partition("?")[0]).exists(), f"{built}: {address}")

    def test_each_list_has_a_blank_line_before_it(self):
        """GitHub needs none, MkDocs does."""
        for page in (ROOT / "docs").rglob("*.md"):
            before = ""
            for number, line in enumerate(page.read_text().splitlines(), 1):
                if re.match(r"- |\d+\. ", line):
                    self.assertRegex(before, r"^$|^- |^\d+\. |^  ", f"{page.name}:{number}")
                before = line


if __name__ == "__main__":
    if shutil.which("mkdocs") is None:
        print("skipped: mkdocs is not installed")
        sys.exit(77)
    unittest.main()

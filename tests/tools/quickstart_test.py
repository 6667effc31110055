#!/usr/bin/env python3
"""tools/quickstart demands as many kinds of alerts as the catalogue has: in the program, and in its document. Usage: quickstart_test.py ROOT."""
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(1))


class Quickstart(unittest.TestCase):
    def test_it_demands_every_kind_of_alert(self):
        asked = subprocess.run([ROOT / "tools/quickstart", "--kinds"], capture_output=True, text=True, timeout=60)
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))
        enum = re.search(r"enum class Variation[^{]*\{(.*?)\};", (ROOT / "core/detect/catalogue.h").read_text(), re.S).group(1)
        variations = re.findall(r"\b\w+(?=\s*[,}]|\s*$)", re.sub(r"//[^\n]*", "", enum))
        self.assertEqual(int(asked.stdout), len(variations), variations)

    def test_its_sample_is_told_to_have_one_theft_for_each(self):
        script = (ROOT / "tools/quickstart").read_text()
        self.assertIn('[ "$kinds" = "$all_kinds" ]', script)
        self.assertNotRegex(script, r'"\$kinds" = \d')


if __name__ == "__main__":
    unittest.main()

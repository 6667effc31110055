#!/usr/bin/env python3
"""Every patch applies to the tree, says which mistake it is and asks for its own name; one that does not apply is named."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import plant  # noqa: E402

ROOT = plant.HERE.parents[1]


class Plant(unittest.TestCase):
    def test_each_patch_says_its_mistake_and_asks_for_its_own_name(self):
        for patch in plant.HERE.glob("*.patch"):
            text = patch.read_text()
            self.assertRegex(text.split("\n")[0], r"^[A-Z].*\.$", patch.name)
            asked = set(re.findall(r'^\+.*planted\("(\w+)"\)', text, re.M))
            self.assertEqual(asked, {patch.stem}, patch.name)

    def test_the_product_knows_nothing_of_planted_bugs(self):
        for component in plant.COMPONENTS:
            for path in (ROOT / component).rglob("*.[hc]*"):
                if path.suffix in (".cc", ".h"):
                    self.assertNotIn("planted(", path.read_text(), path)

    def test_a_patch_that_no_longer_applies_is_named_and_nothing_is_copied(self):
        with tempfile.TemporaryDirectory() as folder:
            source, copy = pathlib.Path(folder) / "source", pathlib.Path(folder) / "copy"
            source.mkdir()
            plant.copy_sources(ROOT, source)
            presence = source / "core/baseline/presence.cc"
            presence.write_text(presence.read_text().replace("first_bit", "bit_one"))
            done = subprocess.run([sys.executable, "-B", plant.HERE / "plant.py", source, copy], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("own_day_counts.patch: the planted bug no longer applies", done.stderr)
            self.assertFalse(copy.exists())

    def test_a_second_run_changes_no_file(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "copy"
            for _ in range(2):
                before = {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()}
                subprocess.run([sys.executable, "-B", plant.HERE / "plant.py", ROOT, copy], check=True)
            self.assertTrue(before)
            self.assertEqual(before, {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()})


if __name__ == "__main__":
    unittest.main()

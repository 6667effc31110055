#!/usr/bin/env python3
"""What the Debian package holds and how it is made: looked at without installing it. packaging/build makes it first."""
import gzip
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import unit_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
import licenses  # noqa: E402

PACKAGE = next((ROOT / "build/package").glob("straykey_*.deb"), None)
SYMBOLS = next((ROOT / "build/package").glob("straykey-dbgsym_*.ddeb"), None)
PACKAGE_BYTES_MAX = 8_000_000
EXPOSURE_MAX = 1.5
FILES = {
    "usr/bin/straykey": 0o755, "lib/systemd/system/straykey.service": 0o644, "etc/straykey/straykey.toml": 0o644,
    "usr/share/man/man1/straykey.1.gz": 0o644, "usr/share/bash-completion/completions/straykey": 0o644,
    "usr/share/zsh/vendor-completions/_straykey": 0o644, "usr/share/fish/vendor_completions.d/straykey.fish": 0o644,
    "usr/share/doc/straykey/copyright": 0o644, "usr/share/doc/straykey/changelog.gz": 0o644,
    "usr/share/doc/straykey/changelog.Debian.gz": 0o644, "usr/share/doc/straykey/straykey.spdx.json": 0o644,
    "usr/share/doc/straykey/README.md": 0o644, "usr/share/doc/straykey/upgrade.md": 0o644,
}
# What lintian says and we leave: it is no upload to Debian.
LINTIAN_KNOWN = {"initial-upload-closes-no-bugs"}


def said_by(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


class Unit(unittest.TestCase):
    def setUp(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed (systemd)")

    def test_its_exposure_is_low(self):
        said = said_by("systemd-analyze", "security", "--offline=true", unit_file.UNIT)
        exposure = float(re.search(r"Overall exposure level for straykey.service: ([\d.]+)", said).group(1))
        self.assertLess(exposure, EXPOSURE_MAX)

    def test_every_line_is_one_that_systemd_knows(self):
        with tempfile.TemporaryDirectory() as folder:
            # Programs and manual pages of the package are not installed here.
            text = unit_file.UNIT.read_text().replace("/usr/bin/straykey", "/bin/true").replace("man:straykey(1)", "https://example.com")
            copy = Path(folder) / "straykey.service"
            copy.write_text(text)
            said = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
        ours = [line for line in said.stderr.splitlines() if "straykey.service" in line]
        self.assertEqual((said.returncode, ours), (0, []), said.stderr)

    def test_its_filter_allows_what_workers_need_and_not_the_rest_of_their_groups(self):
        allowed = unit_file.allowed_system_calls()
        self.assertLessEqual({"sched_setaffinity", "prlimit64", "mmap", "fdatasync", "accept4", "execve"}, allowed)
        self.assertFalse({"setuid", "mount", "ptrace", "sched_setscheduler", "reboot", "bpf", "io_uring_setup", "add_key"} & allowed)

    def test_exit_codes_are_those_of_the_program(self):
        settings = unit_file.settings()
        self.assertEqual(settings["RestartForceExitStatus"], ["75"])
        self.assertEqual(settings["RestartPreventExitStatus"], ["78"])
        self.assertTrue(settings["WatchdogSec"] and settings["Type"] == ["notify"])


class Changelog(unittest.TestCase):
    def test_it_has_the_form_of_keep_a_changelog(self):
        text = (ROOT / "CHANGELOG.md").read_text()
        self.assertTrue(text.startswith("# Changelog\n"))
        versions = re.findall(r"^## (.*)$", text, re.M)
        self.assertEqual(versions[0], "[Unreleased]")
        for version in versions[1:]:
            self.assertRegex(version, r"^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$")
        kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
        self.assertLessEqual(set(re.findall(r"^### (.*)$", text, re.M)), kinds)


class Licenses(unittest.TestCase):
    """Copyright files of invented packages: what is read from them, and what is not guessed."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-licenses.")
        self.addCleanup(scratch.cleanup)
        self.addCleanup(setattr, licenses, "DOCUMENTS", licenses.DOCUMENTS)
        licenses.DOCUMENTS = Path(scratch.name)

    def license_of(self, text, source="made-up"):
        (licenses.DOCUMENTS / "package").mkdir(exist_ok=True)
        (licenses.DOCUMENTS / "package/copyright").write_text(text)
        return licenses.License("package", source)

    def test_it_is_that_of_all_files(self):
        read = self.license_of("Format: x\n\nFiles: tests/*\nLicense: GPL-3+\n\nFiles: *\nCopyright: me\nLicense: Expat or Boost\n words\n\n"
                               "Files: debian/*\nLicense: ISC\n")
        self.assertEqual((read.expression, read.others, read.extracted), ("MIT OR BSL-1.0", ["GPL-3+"], {}))

    def test_a_license_that_spdx_has_no_name_for_comes_with_its_text(self):
        read = self.license_of("Files: *\nLicense: BSD-4-clause and Zlib\n\nLicense: BSD-4-clause\n One may\n .\n redistribute.\n")
        self.assertEqual(read.expression, "LicenseRef-made-up-BSD-4-clause AND Zlib")
        self.assertEqual(read.extracted, {"LicenseRef-made-up-BSD-4-clause": ("BSD-4-clause", "One may\n\nredistribute.")})

    def test_what_is_not_said_is_not_guessed(self):
        for text, source in (("Free software.\n", "made-up"), ("Files: src/*\nLicense: Expat\n", "made-up"), ("Files: *\nLicense: Odd\n", "made-up"),
                             ("Now under another license.\n", "glibc")):
            with self.assertRaisesRegex(SystemExit, "packaging/licenses.py"):
                self.license_of(text, source)


@unittest.skipIf(PACKAGE is None, "there is no package in build/package: packaging/build makes it")
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="straykey-package.")
        cls.addClassCleanup(scratch.cleanup)
        cls.tree = Path(scratch.name) / "tree"
        said_by("dpkg-deb", "-R", PACKAGE, cls.tree)
        listing = subprocess.run(["dpkg-deb", "--fsys-tarfile", PACKAGE], capture_output=True, check=True).stdout
        tar = Path(scratch.name) / "data.tar"
        tar.write_bytes(listing)
        with tarfile.open(tar) as data:
            cls.members = {member.name.removeprefix("./"): member for member in data.getmembers()}
        cls.control = dict(line.split(": ", 1) for line in (cls.tree / "DEBIAN/control").read_text().splitlines()
                           if re.match(r"[A-Z][\w-]*: ", line))

    def test_it_holds_just_what_is_listed_here(self):
        files = {name: stat.S_IMODE(member.mode) for name, member in self.members.items() if member.isfile()}
        self.assertEqual(files, FILES)
        for name, member in self.members.items():
            self.assertEqual((member.uid, member.gid), (0, 0), name)
            self.assertFalse(member.mode & 0o022, name)

    def test_it_is_small_and_its_symbols_are_apart(self):
        self.assertLess(PACKAGE.stat().st_size, PACKAGE_BYTES_MAX)
        sections = said_by("readelf", "-SW", self.tree / "usr/bin/straykey")
        self.assertNotRegex(sections, r"\.debug_info|\.symtab")
        build_id = re.search(r"Build ID: ([0-9a-f]{40})", said_by("readelf", "-nW", self.tree / "usr/bin/straykey")).group(1)
        self.assertIsNotNone(SYMBOLS)
        self.assertIn(f"/usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug", said_by("dpkg-deb", "-c", SYMBOLS))

    def bill(self):
        return json.loads((self.tree / "usr/share/doc/straykey/straykey.spdx.json").read_text())

    def links(self):
        """(who, package) of the bill of materials: who needs that shared library."""
        bill = self.bill()
        name = {package["SPDXID"]: package["name"] for package in bill["packages"]}
        return {(name[one["spdxElementId"]], name[one["relatedSpdxElement"]])
                for one in bill["relationships"] if one["relationshipType"] == "DYNAMIC_LINK"}

    def test_it_depends_on_just_what_the_bill_of_materials_says_that_it_links_itself(self):
        # dpkg-shlibdeps wrote these, of the same program by a way of its own.
        depends = {word.split()[0] for word in self.control["Depends"].split(", ")} - {"adduser"}
        own = {name for needs, name in self.links() if needs == "straykey"}
        # One package may provide what another asks for by a longer name: libspdlog1.10-fmt9.
        meant = {word: [name for name in own if word == name or word.startswith(name + "-")] for word in depends}
        self.assertEqual([word for word, names in meant.items() if not names], [])
        self.assertEqual(own, {name for names in meant.values() for name in names})

    def test_what_only_its_libraries_need_hangs_from_them(self):
        links = self.links()
        self.assertLessEqual({("librdkafka1", "libsasl2-2"), ("librdkafka1", "liblz4-1")}, links)
        own = {name for needs, name in links if needs == "straykey"}
        self.assertFalse({name for needs, name in links if needs != "straykey"} & own)
        reached = {"straykey"}
        for _ in links:
            reached |= {name for needs, name in links if needs in reached}
        self.assertLessEqual({needs for needs, _ in links}, reached)

    def test_its_configuration_is_init_s_and_belongs_to_the_operator(self):
        self.assertEqual((self.tree / "DEBIAN/conffiles").read_text(), "/etc/straykey/straykey.toml\n")
        text = (self.tree / "etc/straykey/straykey.toml").read_text()
        self.assertIn('data_dir = "/var/lib/straykey"', text)
        self.assertIn("Written by `straykey init`", text)

    def test_the_version_is_that_of_cmake_everywhere(self):
        version = re.search(r"^project\(straykey VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(), re.M).group(1)
        self.assertEqual(self.control["Version"], f"{version}-1")
        page = gzip.decompress((self.tree / "usr/share/man/man1/straykey.1.gz").read_bytes()).decode()
        self.assertIn(f'"straykey {version}"', page)
        changes = gzip.decompress((self.tree / "usr/share/doc/straykey/changelog.Debian.gz").read_bytes()).decode()
        self.assertTrue(changes.startswith(f"straykey ({version}-1) "))
        said = json.loads(said_by(self.tree / "usr/bin/straykey", "version", "--json"))
        self.assertEqual(said["version"], version)

    def test_scripts_are_ones_that_sh_reads(self):
        for name in ("postinst", "prerm", "postrm"):
            said_by("dash", "-n", self.tree / "DEBIAN" / name)

    def test_lintian_finds_nothing_new(self):
        if shutil.which("lintian") is None:
            self.skipTest("lintian is not installed")
        said = subprocess.run(["lintian", "--allow-root", "--no-tag-display-limit", "--fail-on", "none", PACKAGE], capture_output=True, text=True,
                              check=True, env={**os.environ, "LC_ALL": "C"})
        found = {line for line in said.stdout.splitlines() if line[:2] in ("E:", "W:") and line.split(": ")[2].split()[0] not in LINTIAN_KNOWN}
        self.assertEqual(found, set())

    def test_the_bill_of_materials_names_a_license_and_a_version_of_everything(self):
        bill = self.bill()
        self.assertEqual(bill["spdxVersion"], "SPDX-2.3")
        names = {package["name"] for package in bill["packages"]}
        self.assertLessEqual({"straykey", "liblmdb0", "libssl3", "libboost1.81-dev", "libcli11-dev", "libprotozero-dev"}, names)
        self.assertNotIn("doctest-dev", names)
        texts = {text["licenseId"]: text["extractedText"] for text in bill["hasExtractedLicensingInfos"]}
        for package in bill["packages"]:
            self.assertNotEqual(package["licenseDeclared"], "NOASSERTION", package["name"])
            for reference in re.findall(r"LicenseRef-\S+", package["licenseDeclared"]):
                self.assertIn("redistribut", texts[reference].lower())
            self.assertTrue(package["versionInfo"], package["name"])

    def test_the_bill_of_materials_is_valid_spdx(self):
        program = shutil.which("pyspdxtools")
        if program is None:
            self.skipTest("pyspdxtools is not installed (spdx-tools of PyPI)")
        said = subprocess.run([program, "-i", self.tree / "usr/share/doc/straykey/straykey.spdx.json"], capture_output=True, text=True, check=False)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""clang-format leaves every C++ file as it is. Usage: format.py ROOT. Exit code 77 (skipped) if clang-format is missing."""
import os
import shutil
import subprocess
import sys

FOLDERS = ("core", "storage", "net", "tools", "tests", "perf")
# Another edition lays some lines out otherwise; Debian 12's is the one that decides.
EDITION = "14"


def main():
    root = os.path.abspath(sys.argv[1])
    program = shutil.which(f"clang-format-{EDITION}") or shutil.which("clang-format")
    if program is None:
        print(f"skipped: clang-format {EDITION} is not installed (tools/setup test installs it)")
        return 77
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    if f"version {EDITION}." not in version:
        print(f"skipped: {version.strip()} is not edition {EDITION}")
        return 77
    files = sorted(os.path.join(directory, name) for folder in FOLDERS for directory, _, names in os.walk(os.path.join(root, folder))
                   for name in names if name.endswith((".h", ".cc")))
    halves = [files[part::os.cpu_count() or 1] for part in range(os.cpu_count() or 1)]
    runs = [subprocess.Popen([program, "--dry-run", "--Werror", "--ferror-limit=1", *half], stderr=subprocess.PIPE, text=True, cwd=root)
            for half in halves if half]
    failed = False
    for run in runs:
        _, words = run.communicate()
        failed |= run.returncode != 0
        for line in words.splitlines():
            if "clang-format-violations" in line:
                print(os.path.relpath(line.split(":")[0], root) + ": run clang-format -i on it")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""AWS's own linter (cfn-lint) finds nothing in the templates of deploy/aws. cfn_lint_test.py FOLDER: where it is installed once, from PyPI, and
stays. Skipped, by name, where PyPI is not reached."""
import subprocess
import sys
from pathlib import Path

AWS = Path(__file__).resolve().parents[2] / "deploy/aws"
WANTED = "cfn-lint==1.58.0"
SKIPPED = 77


def installed(folder):
    """-> the program, or why there is none."""
    program, done = folder / "bin/cfn-lint", folder / "installed"
    if not done.exists() or done.read_text() != WANTED:
        for command in ([sys.executable, "-m", "venv", "--clear", folder], [folder / "bin/pip", "install", "--quiet", "--no-input", WANTED]):
            said = subprocess.run(command, capture_output=True, text=True, check=False)
            if said.returncode != 0:
                return None, (said.stdout + said.stderr).strip()[-300:]
        done.write_text(WANTED)
    return program, ""


def main():
    folder = Path(sys.argv[1]).resolve()
    program, why = installed(folder)
    if program is None:
        print(f"skipped: {WANTED} cannot be installed: {why}")
        sys.exit(SKIPPED)
    templates = sorted(AWS.glob("*.yaml"))
    said = subprocess.run([program, "--include-checks", "I", "--", *templates], capture_output=True, text=True, check=False)
    print(said.stdout + said.stderr)
    if said.returncode != 0:
        sys.exit(f"cfn-lint finds something in {len(templates)} templates")
    broken = folder / "broken.yaml"
    broken.write_text((AWS / "eventbridge.yaml").read_text().replace("HttpMethod: POST", "HttpMethod: SEND"))
    said = subprocess.run([program, broken], capture_output=True, text=True, check=False)
    if said.returncode == 0 or "SEND" not in said.stdout:
        sys.exit("cfn-lint does not see what is wrong:\n" + said.stdout + said.stderr)


if __name__ == "__main__":
    main()

"""--install: packages in pinned versions into one folder, by the ordinary clients of the registries.

Nothing is installed on the machine. Each part has its folder in the kit; a client names in `needs` those that it runs from.
"""
import os
import shutil
import subprocess
from pathlib import Path

from client import PROGRAMS

# They exclude each other as installed packages, so both are unpacked.
DEBIAN = (("rsyslog", "rsyslog-gnutls", "rsyslog-openssl", "rsyslog-elasticsearch", "rsyslog-relp"), ("syslog-ng-core", "syslog-ng-mod-http"))


def debian(folder):
    archives = folder.parent / "debian-archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    for packages in DEBIAN:
        execute("apt-get", "-qq", "--download-only", "--no-install-recommends", "-y", "-o", f"Dir::Cache::archives={archives}",
                "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "install", *packages)
    for archive in sorted(archives.glob("*.deb")):
        execute("dpkg", "-x", archive, folder)


def python(folder):
    execute("python3", "-m", "venv", folder)
    execute(folder / "bin/pip", "-q", "install", "-r", PROGRAMS / "python/requirements.txt")


def node(folder):
    copied("node", folder)
    execute("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)


def go(folder):
    copied("go", folder)
    execute("go", "build", "-o", "bin/", "./post", "./log", folder=folder)


def rust(folder):
    copied("rust", folder)
    execute("cargo", "build", "-q", "--locked", folder=folder)


def java(folder):
    copied("java", folder)
    execute("mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=libraries", folder=folder)
    execute("javac", "-cp", "libraries/*", "-d", "classes", *folder.glob("*.java"), folder=folder)


PARTS = {"debian": ("apt-get", debian), "python": ("python3", python), "node": ("npm", node), "go": ("go", go),
         "rust": ("cargo", rust), "java": ("mvn", java)}


def install(folder, only):
    """only: words; a part whose name contains one of them, or all parts."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (program, part) in PARTS.items():
        if only and not any(word.lower() in name for word in only):
            continue
        if shutil.which(program) is None:
            print(f"skipped: {name}: {program} is not here")
            continue
        print(f"{name} ...", flush=True)
        (folder / name).mkdir(exist_ok=True)
        part(folder / name)


def execute(*words, folder=None, **variables):
    subprocess.run([str(word) for word in words], check=True, cwd=folder, env={**os.environ, **{name: str(value) for name, value in variables.items()}}, stdout=subprocess.DEVNULL)


def copied(name, folder):
    """Programs and their lists of packages, from programs/NAME."""
    shutil.copytree(Path(PROGRAMS) / name, folder, dirs_exist_ok=True)

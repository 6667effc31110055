#!/usr/bin/env python3
"""Makes the copy of the product that carries the planted bugs. Usage: plant.py SOURCE_TREE COPY.

Every *.patch beside this script is one bug; its first lines say which mistake it is. They are applied one after the
other, in the order of their names, to one copy of core, storage, net and tools. A patch that no longer applies is an
error: whoever changes the code around it writes it anew (README.md). Files of COPY that would not change are left alone,
so that nothing is compiled without need.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COMPONENTS = ("core", "storage", "net", "tools")


def copy_sources(source, to):
    for component in COMPONENTS:
        for path in (source / component).rglob("*"):
            if path.suffix in (".cc", ".h"):
                target = to / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def apply(patch, tree):
    # Without a repository around it, git takes the paths as they stand in the patch.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    done = subprocess.run(["git", "apply", "--whitespace=nowarn", str(patch)], cwd=tree, env=environment,
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{patch}: the planted bug no longer applies; tests/planted/README.md says how to write it anew\n"
                 f"{done.stderr.strip()}")


def plant(source, patches, tree):
    copy_sources(source, tree)
    for patch in patches:
        apply(patch, tree)
    shutil.copyfile(HERE / "planted_bug.h", tree / "planted_bug.h")
    (tree / "planted_names.inc").write_text("".join(f'"{patch.stem}",\n' for patch in patches))


def synchronise(tree, to):
    wanted = {path.relative_to(tree) for path in tree.rglob("*") if path.is_file()}
    for path in to.rglob("*"):
        if path.is_file() and path.relative_to(to) not in wanted:
            path.unlink()
    for path in wanted:
        text = (tree / path).read_bytes()
        target = to / path
        if not target.exists() or target.read_bytes() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    patches = sorted(HERE.glob("*.patch"))
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder).resolve() / "tree"
        tree.mkdir()
        plant(pathlib.Path(sys.argv[1]).resolve(), patches, tree)
        synchronise(tree, pathlib.Path(sys.argv[2]))


if __name__ == "__main__":
    main()

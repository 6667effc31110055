"""The completions of zsh and fish, typed in those shells: what they offer is what the program takes.

A shell that is not on the machine is skipped by name; 77 if neither is there. bash is asked by tests/tools/command_line_test.cc.
"""
import os
import pty
import select
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

from installation import scratch_folder
from straykey_process import run_command

SKIPPED = 77
ANSWER_S_MAX = 30
# Words that are typed, and some of what is offered then. The last word is begun and not ended.
OFFERED = [("straykey al", {"alerts"}), ("straykey alerts red", {"redeliver"}), ("straykey alerts ack --camp", {"--campaign"}),
           ("straykey alerts --data-dir list sh", {"show"}), ("straykey check-config --js", {"--json"}),
           ("straykey completion z", {"zsh"}), ("straykey alerts export --format c", {"csv"}),
           ("straykey check-config --config so", {"some.toml"})]
# zsh collects what would be offered; compadd is called more than once, and with -O, -A or -D it offers nothing.
ZSH_SETUP = r"""PROMPT= RPROMPT=; unsetopt zle_bracketed_paste prompt_cr prompt_sp; autoload -Uz compinit; compinit -D -u; compdef _straykey straykey
compadd() { if (( ${@[(I)-[OAD]*]} )); then builtin compadd "$@"; else local -a hits; builtin compadd -A hits "$@"; print -l -- $hits >> offered; fi }
complete-and-tell() { zle complete-word; print TOLD$((1 + 1)) }; zle -N complete-and-tell; bindkey '^T' complete-and-tell
print READY$((1 + 1))
"""


class Zsh:
    """An interactive zsh at a terminal of its own, in a folder with the script as _straykey."""

    def __init__(self, folder):
        self.folder = folder
        self.process, self.terminal = None, None

    def __enter__(self):
        self.terminal, end = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "HOME": str(self.folder)}
        self.process = subprocess.Popen(["zsh", "-f", "-i"], cwd=self.folder, env=environment, stdin=end, stdout=end, stderr=end,
                                        start_new_session=True)
        os.close(end)
        (self.folder / "setup").write_text("fpath=($PWD $fpath)\n" + ZSH_SETUP)
        self.type("source ./setup\n")
        self.wait_for("READY2")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, mark):
        said, until = "", time.monotonic() + ANSWER_S_MAX
        while mark not in said:
            if not select.select([self.terminal], [], [], max(0, until - time.monotonic()))[0]:
                raise AssertionError(f"zsh did not say {mark}:\n{said}")
            said += os.read(self.terminal, 65536).decode(errors="replace")

    def offered(self, words):
        (self.folder / "offered").write_text("")
        self.type(words + "\x14")      # ^T; nothing is typed behind it, because zsh offers less when more input waits
        self.wait_for("TOLD2")
        self.type("\x15")              # the line is cleared
        return set((self.folder / "offered").read_text().splitlines())


def offered_by_fish(folder, words):
    said = subprocess.run(["fish", "--no-config", "-c", f"source ./straykey.fish; complete -C '{words}'"], cwd=folder, capture_output=True,
                          text=True, timeout=ANSWER_S_MAX, check=False)
    assert said.returncode == 0 and said.stderr == "", said
    return {line.partition("\t")[0] for line in said.stdout.splitlines()}


class CompletionsTest(unittest.TestCase):
    def check(self, offered_by):
        for words, expected in OFFERED:
            with self.subTest(words=words):
                self.assertEqual(offered_by(words), expected)

    def script(self, shell, path):
        said = run_command("completion", shell)
        self.assertEqual(said.returncode, 0)
        path.write_text(said.stdout)

    @unittest.skipIf(shutil.which("zsh") is None, "zsh is missing")
    def test_zsh(self):
        with scratch_folder() as folder:
            self.script("zsh", folder / "_straykey")
            (folder / "some.toml").write_text("")
            with Zsh(folder) as shell:
                self.check(shell.offered)

    @unittest.skipIf(shutil.which("fish") is None, "fish is missing")
    def test_fish(self):
        with scratch_folder() as folder:
            self.script("fish", folder / "straykey.fish")
            (folder / "some.toml").write_text("")
            self.check(lambda words: offered_by_fish(folder, words))


if __name__ == "__main__":
    if shutil.which("zsh") is None and shutil.which("fish") is None:
        print("skipped: zsh and fish are missing")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)

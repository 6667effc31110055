#!/usr/bin/env python3
"""Runs a program as the service's unit confines it, without systemd: confined.py WRITABLE PROGRAM [ARGUMENT...].

What systemd would refuse with EPERM kills the program here, so that nothing that it needs can be refused unseen. Beyond
system calls, address families and memory that is written and executed: no capabilities, all but WRITABLE read-only, /proc
with processes alone, the unit's limit of descriptors. Root only.
"""
import ctypes
import os
import resource
import socket
import sys

from unit_file import allowed_system_calls, settings

ALLOW, KILL = 0x7fff0000, 0x80000000
EQUAL, MASKED_EQUAL = 4, 7
CLONE_NEWNS = 0x20000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
PROT_WRITE, PROT_EXEC = 2, 4
FAMILIES_MAX = 46
PR_CAPBSET_DROP = 24
CAPABILITIES_MAX = 41

libc = ctypes.CDLL(None, use_errno=True)


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """Of libseccomp, which systemd uses too."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
    library.seccomp_load.argtypes = [ctypes.c_void_p]

    def __init__(self, otherwise):
        self.context = self.library.seccomp_init(otherwise)

    def rule(self, action, name, *comparisons):
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return      # of another architecture, or newer than the library
        code = self.library.seccomp_rule_add_array(self.context, action, number, len(comparisons),
                                                   (Comparison * len(comparisons))(*comparisons))
        assert code == 0, f"seccomp: {name}: {os.strerror(-code)}"

    def load(self):
        code = self.library.seccomp_load(self.context)
        assert code == 0, f"seccomp: {os.strerror(-code)}"


def checked(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind, flags, options=None):
    checked(libc.mount(source.encode(), target.encode(), kind and kind.encode(), ctypes.c_ulong(flags), options and options.encode()),
            f"mount {target}")


def make_read_only(writable):
    checked(libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(writable, writable, None, MS_BIND)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=invisible,subset=pid")
    # All that is mounted, the folder that was just bound aside.
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        places = [line.split()[4].replace("\\040", " ") for line in table]
    for place in places:
        if place != writable and not place.startswith(("/proc", "/dev", "/sys")):
            mount("none", place, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def drop_capabilities():
    for capability in range(CAPABILITIES_MAX):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def forbid(unit):
    """What the unit's other settings forbid, by the arguments of calls."""
    denied = Filter(ALLOW)
    families = {getattr(socket, name) for name in unit["RestrictAddressFamilies"][0].split()}
    for family in set(range(FAMILIES_MAX)) - families:
        denied.rule(KILL, "socket", Comparison(0, EQUAL, family, 0))
    assert unit["MemoryDenyWriteExecute"] == ["yes"]
    both = PROT_WRITE | PROT_EXEC
    denied.rule(KILL, "mmap", Comparison(2, MASKED_EQUAL, both, both))
    for name in ("mprotect", "pkey_mprotect"):
        denied.rule(KILL, name, Comparison(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC))
    denied.load()


def forbid_all_but(names):
    allowed = Filter(KILL)
    for name in sorted(names):
        allowed.rule(ALLOW, name)
    allowed.load()


def main():
    writable, *command = sys.argv[1:]
    unit, names = settings(), allowed_system_calls()
    files = int(unit["LimitNOFILE"][0])
    make_read_only(os.path.realpath(writable))
    os.umask(int(unit["UMask"][0], 8))
    hard = min(files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    drop_capabilities()
    # Capabilities of root are limited to the bounding set when a program is executed: by this one first.
    forbid(unit)
    forbid_all_but(names | {"execve"})
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()

"""The control page of libcall_faults.so: which calls of a server fail, how slow its disk is, what its clock says."""
import errno
import mmap
import os
import struct

KINDS = ("malloc", "pwrite", "fdatasync", "accept", "connect", "open", "meta_write")
CODES = {"malloc": errno.ENOMEM, "pwrite": errno.ENOSPC, "fdatasync": errno.EIO, "accept": errno.EMFILE,
         "connect": errno.ECONNREFUSED, "open": errno.EMFILE, "meta_write": errno.EIO}
FOR_EVER = 1 << 60


class CallControl:
    def __init__(self, path, library, program):
        path.write_bytes(bytes(4096))
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), 4096)
        self.environment = {"CALL_FAULTS": str(path), "CALL_FAULTS_PROGRAM": os.path.realpath(program),
                            "LD_PRELOAD": str(library)}

    def _get(self, index):
        return struct.unpack_from("<q", self._page, 8 * index)[0]

    def _set(self, index, value):
        struct.pack_into("<q", self._page, 8 * index, value)

    def calls(self, kind):
        return self._get(4 * KINDS.index(kind))

    def fail(self, kind, first, last=None, code=None):
        """Calls first to last of this kind fail, counted from the program's start."""
        at = 4 * KINDS.index(kind)
        self._set(at + 3, code or CODES[kind])
        self._set(at + 2, last or first)
        self._set(at + 1, first)

    def fail_from_now_on(self, kind, code=None):
        self.fail(kind, 1, FOR_EVER, code)

    def heal(self, kind=None):
        for name in KINDS if kind is None else (kind,):
            self._set(4 * KINDS.index(name) + 1, 0)

    def reset(self):
        self._page[:] = bytes(4096)

    def slow_syncs(self, seconds):
        self._set(4 * len(KINDS), int(seconds * 1e6))

    def shift_clock(self, seconds):
        self._set(4 * len(KINDS) + 1, int(seconds))

    def freeze_clock(self, at):
        self._set(4 * len(KINDS) + 2, int(at))

#!/usr/bin/env python3
"""stage_split.py puts each sample of the server into the stage that its frames, then its thread, tell."""
import unittest

from stage_split import samples_in, stage_of

SAMPLES = """io-0
\t    7f00 _copy_to_iter ([kernel.kallsyms])
\t    7f01 tcp_recvmsg_locked ([kernel.kallsyms])
\t    7f02 __x64_sys_recvmsg ([kernel.kallsyms])

io-1
\t    5600 straykey::(anonymous namespace)::Walk::take (straykey)

worker-0
\t    5601 straykey::(anonymous namespace)::absorb (straykey)
\t    5602 straykey::hash128 (straykey)

io-0
\t    7f03 __memmove_avx512_unaligned_erms (libc.so.6)

merger

straykey
\t    7f04 finish_task_switch ([kernel.kallsyms])
\t    7f05 futex_wait ([kernel.kallsyms])
"""


class StageSplitTest(unittest.TestCase):
    def test_frames_come_before_the_thread(self):
        self.assertEqual([stage_of(thread, frames) for thread, frames in samples_in(SAMPLES)],
                         ["receive", "read", "worker", "rest of io", "merger", "wait and wake"])

    def test_the_innermost_frame_that_says_something_decides(self):
        self.assertEqual(stage_of("io", ["x (libcrypto.so.3)", "SSL_read (libssl.so.3)", "sys_read ([kernel.kallsyms])"]), "TLS")
        self.assertEqual(stage_of("io", ["tcp_recvmsg ([kernel.kallsyms])", "SSL_read (libssl.so.3)"]), "receive")


if __name__ == "__main__":
    unittest.main()

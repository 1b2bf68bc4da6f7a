#!/usr/bin/env python3
"""The freeze gate must be able to fail: each test changes a copy of the headers and reads the verdict."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "sdk" / "include"


class Freeze(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        root = pathlib.Path(self.folder.name)
        self.include, self.golden = root / "include", root / "golden"
        shutil.copytree(INCLUDE, self.include)
        self.golden.mkdir()
        self.gate("--write")  # mutants are judged against today's headers

    def gate(self, *args):
        return subprocess.run(
            [sys.executable, HERE / "freeze.py", "--include", self.include, "--golden", self.golden, *args],
            capture_output=True, text=True, check=False)

    def change(self, header, old, new):
        path = self.include / "sara" / "abi" / header
        text = path.read_text()
        self.assertEqual(text.count(old), 1, f"{header} has moved on: {old!r} is not there once")
        path.write_text(text.replace(old, new))

    def raise_minor(self):
        self.change("base.h", "SARA_ABI_MINOR 0u", "SARA_ABI_MINOR 1u")

    def refused(self, *words):
        result = self.gate()
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for word in words:
            self.assertIn(word, result.stdout)

    def passed(self):
        result = self.gate()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_passes_what_was_released(self):
        self.passed()

    def test_passes_another_comment(self):
        self.change("log.h", "the operator must act", "somebody must act")
        self.passed()

    def test_refuses_a_field_in_the_middle(self):
        self.change("log.h", "    /* [any] Queues one line", "    void (*extra)(void);\n    /* [any] Queues one line")
        self.refused("changed", "field sara_log.write offset 24", "field sara_log.extra")

    def test_refuses_a_field_in_the_middle_also_in_a_new_minor(self):
        self.change("log.h", "    /* [any] Queues one line", "    void (*extra)(void);\n    /* [any] Queues one line")
        self.raise_minor()
        self.refused("not behind the end of the released sara_log")

    def test_refuses_two_fields_that_changed_places(self):
        self.change("event.h", "    sara_str user;     /* before the @ */\n    sara_str domain;   /* after the @ */",
                    "    sara_str domain;   /* after the @ */\n    sara_str user;     /* before the @ */")
        self.refused("was: field sara_ev_login.user offset 48", "now: field sara_ev_login.user offset 64",
                     "now: field sara_ev_login.domain offset 48")

    def test_refuses_a_narrower_argument(self):
        self.change("loop.h", "(*timer)(const sara_host *h, uint64_t delay_ms",
                    "(*timer)(const sara_host *h, uint32_t delay_ms")
        self.refused("changed", "uint64_t delay_ms", "uint32_t delay_ms")

    def test_refuses_a_field_that_became_signed(self):
        self.change("event.h", "uint32_t type;   /* envelope.type */", "int32_t type;   /* envelope.type */")
        self.refused("sara_ev_packet.type", "int32_t type")

    def test_refuses_a_table_function_that_may_throw(self):
        self.change("log.h", "(*enabled)(const sara_host *h, int32_t level) SARA_NOEXCEPT;",
                    "(*enabled)(const sara_host *h, int32_t level);")
        self.refused("sara_log.enabled")

    def test_refuses_a_changed_constant(self):
        self.change("base.h", "SARA_E_STALE = -7", "SARA_E_STALE = -77")
        self.refused("was: constant SARA_E_STALE = -7", "now: constant SARA_E_STALE = -77")

    def test_refuses_a_changed_name_of_a_service(self):
        self.change("store.h", 'SARA_SVC_STORE "sara.store/1"', 'SARA_SVC_STORE "sara.store/2"')
        self.refused('define SARA_SVC_STORE "sara.store/2"')

    def test_refuses_a_renamed_field(self):
        self.change("metrics.h", "void (*add)(", "void (*count)(")
        self.refused("gone or renamed: field sara_metrics.add")

    def test_refuses_a_removed_constant_also_in_a_new_minor(self):
        self.change("bus.h", '#define SARA_HOOK_PACKET_ACK "packet.ack"\n', "")
        self.raise_minor()
        self.refused("gone or renamed: define SARA_HOOK_PACKET_ACK")

    def test_refuses_a_changed_callback_type(self):
        self.change("base.h", "(*sara_done)(void *user, sara_status st, sara_buf *result)",
                    "(*sara_done)(void *user, sara_status st, const sara_buf *result)")
        self.refused("typedef void(*sara_done)(void*user,sara_status st,const sara_buf*result)")

    def test_refuses_an_appended_function_in_the_same_minor(self):
        self.change("metrics.h", "} sara_metrics;", "    void (*reset)(const sara_host *h);\n} sara_metrics;")
        self.refused("new, but SARA_ABI_MINOR is still 0: field sara_metrics.reset")

    def test_passes_an_appended_function_in_a_new_minor(self):
        self.change("metrics.h", "} sara_metrics;", "    void (*reset)(const sara_host *h);\n} sara_metrics;")
        self.raise_minor()
        self.passed()

    def test_passes_a_new_constant_in_a_new_minor_only(self):
        self.change("base.h", "SARA_E_CORRUPT = -15,", "SARA_E_CORRUPT = -15,\n    SARA_E_NEWER = -16,")
        self.refused("new, but SARA_ABI_MINOR is still 0: constant SARA_E_NEWER")
        self.raise_minor()
        self.passed()

    def test_refuses_growth_of_a_struct_without_its_size(self):
        self.change("store.h", "byte for byte */\n} sara_stored;", "byte for byte */\n    uint64_t more;\n} sara_stored;")
        self.raise_minor()
        self.refused("sara_stored does not begin with its size")

    def test_refuses_growth_of_the_head_of_all_events(self):
        self.change("event.h", "} sara_event;", "    uint64_t more;\n} sara_event;")
        self.raise_minor()
        self.refused("field sara_ev_conn.transport")

    def test_refuses_a_field_hidden_in_padding(self):
        # Readers of the released header see a struct_size that already covers the padding.
        self.change("log.h", "} sara_log;", "    uint32_t first;\n} sara_log;")
        self.gate("--write")
        self.change("log.h", "    uint32_t first;\n", "    uint32_t first;\n    uint32_t hidden;\n")
        self.raise_minor()
        self.refused("hidden in its padding", "sara_log.hidden")


if __name__ == "__main__":
    unittest.main()

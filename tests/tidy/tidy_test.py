#!/usr/bin/env python3
"""Every rule of tidy is proved by a violation planted in a tree of its own, beside something that is fine."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Planted(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_rule(self, rule):
        return subprocess.run([sys.executable, "-B", HERE / "tidy.py", rule, "--root", self.root],
                              capture_output=True, text=True, check=False)

    def tidy(self, rule):
        done = self.run_rule(rule)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def untidy(self, rule, *words):
        done = self.run_rule(rule)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout)
        return done.stdout

    def includes(self, name, path, words=None):
        """words: why it is refused; None: it is allowed."""
        self.plant(name, f'// x\n#include "{path}"\n')
        if words is None:
            self.tidy("rooms_include_only_downwards")
        else:
            self.untidy("rooms_include_only_downwards", name + ":2", words)
        (self.root / name).unlink()

    def test_a_kernel_room_includes_only_downwards(self):
        self.includes("kernel/bus/a.cpp", "chat/room.h")
        self.includes("kernel/chat/a.cpp", "bus/hooks.h", "stands below kernel/bus")
        self.includes("kernel/loop/a.cpp", "chat/packet.h", "stands below kernel/chat")
        self.includes("kernel/loop/a.cpp", "Poco/Net/Socket.h", "knows no POCO")
        self.includes("kernel/loop/a.cpp", "sara/sara.h", "no packet and no plugin")

    def test_only_the_bus_touches_tables(self):
        self.includes("kernel/chat/a.cpp", "sara/jid.hpp")
        self.includes("kernel/chat/a.cpp", "sara/abi/store.h", "no table")
        self.includes("kernel/bus/a.cpp", "sara/abi/store.h")
        self.includes("kernel/boot/a.cpp", "sara/abi/plugin.h")
        self.includes("kernel/boot/a.cpp", "sara/abi/store.h", "only kernel/bus")
        self.includes("kernel/bus/a.cpp", "boost/dll/shared_library.hpp", "only kernel/boot loads")

    def test_a_plugin_sees_its_own_folder_and_the_sdk(self):
        self.plant("plugins/other/thing.h", "// x\n")
        self.includes("plugins/mine/a.cpp", "sara/plugin.hpp")
        self.includes("plugins/mine/a.cpp", "other/thing.h", "another plugin")
        self.includes("plugins/mine/a.cpp", "loop/event_loop.h", "cannot see the kernel")
        self.includes("plugins/mine/a.cpp", "../other/thing.h", "no way up")

    def test_nobody_includes_tests_and_bench(self):
        self.includes("kernel/loop/a.cpp", "tests/kernel/fake.h", "included by nobody")
        self.includes("plugins/mine/a.cpp", "gtest/gtest.h", "test libraries")
        self.includes("sdk/testkit/store/contract.h", "gtest/gtest.h")

    def test_sdk_headers_need_standard_headers_only(self):
        self.includes("sdk/include/sara/x.hpp", "string_view")
        self.includes("sdk/include/sara/x.hpp", "Poco/Net/Socket.h", "standard C++ headers")
        self.includes("sdk/include/sara/abi/x.h", "string.h", "headers of the ABI")

    def test_a_file_ends_by_400_lines(self):
        self.plant("kernel/loop/fits.cpp", "//\n" * 400)
        self.tidy("files_end_by_400_lines")
        self.plant("kernel/loop/long.cpp", "//\n" * 401)
        self.untidy("files_end_by_400_lines", "kernel/loop/long.cpp: 401 lines")

    def test_a_function_ends_by_70_lines(self):
        body = "    f(\"}\", '{');  // }\n"
        self.plant("kernel/loop/a.cpp", "namespace a {\nclass B {\n    int c() const {\n" + body * 68 + "    }\n" +
                   "    int d() {}\n" * 90 + "};\n}\n")
        self.tidy("functions_end_by_70_lines")
        self.plant("kernel/loop/b.cpp", "namespace a {\nB::B(int x) : y_{x}, z_(x) {\n" + body * 69 + "}\n}\n")
        self.untidy("functions_end_by_70_lines", "kernel/loop/b.cpp:2: function of 71 lines")

    def test_a_function_in_python_ends_by_70_lines(self):
        self.plant("scripts/a.py", "def f():\n" + "    pass\n" * 70)
        self.untidy("functions_end_by_70_lines", "scripts/a.py:1", "function f")

    def test_names_say_something(self):
        self.plant("kernel/loop/mailbox.cpp", "class Mailbox {};  // no util here\n")
        self.tidy("names_say_something")
        self.plant("kernel/loop/string_utils.cpp", "")
        self.plant("kernel/chat/a.h", "class SessionManager {};\n")
        self.plant("plugins/misc/a.h", "")
        self.untidy("names_say_something", "string_utils.cpp", "kernel/chat/a.h:1: SessionManager", "plugins/misc")

    def test_headers_say_what_they_decide(self):
        self.plant("kernel/loop/a.h", "#pragma once\n")
        self.untidy("headers_say_what_they_decide", "kernel/loop/a.h:1")

    def test_sdk_functions_name_their_thread(self):
        table = "typedef struct t {\n    /* [any] Fine. */\n    void (*a)(void);\n    void (*same)(void);\n%s} t;\n"
        self.plant("sdk/include/sara/abi/t.h", table % "")
        self.tidy("sdk_functions_name_their_thread")
        self.plant("sdk/include/sara/abi/t.h", table % "    /* Which thread? */\n    void (*b)(void);\n")
        self.untidy("sdk_functions_name_their_thread", "t.h:6: b: say its thread")

    def test_no_file_is_dead(self):
        self.plant("kernel/loop/CMakeLists.txt", "sara_room(r used.cpp)\n")
        self.plant("kernel/loop/used.cpp", '#include "loop/used.h"\n')
        self.plant("kernel/loop/used.h", "")
        self.plant("tests/CMakeLists.txt", "file(GLOB kit kit/*.cpp)\nforeach(name one_test two)\n")
        self.plant("tests/kit/a.cpp", "")
        self.plant("tests/one_test.cpp", "")
        self.tidy("no_file_is_dead")
        self.plant("kernel/loop/unused.cpp", "")
        self.plant("kernel/loop/unused.h", "")
        self.untidy("no_file_is_dead", "unused.cpp: no CMakeLists.txt", "unused.h: nobody includes it")

    def test_links_in_documents_resolve(self):
        self.plant("README.md", "# Two words\n[a](docs/a.md#the-part) [b](#two-words) [c](https://x.example)\n")
        self.plant("docs/a.md", "## The `part`\n")
        self.tidy("links_in_documents_resolve")
        self.plant("docs/b.md", "text\n[x](gone.md)\n[y](a.md#gone)\n")
        self.untidy("links_in_documents_resolve", "docs/b.md:2: link to gone.md", "docs/b.md:3: link to #gone")

    def test_documents_name_files_that_exist(self):
        self.plant("kernel/loop/event_loop.cpp", "")
        self.plant("docs/tour.md", "`kernel/loop/event_loop` wakes `kernel/loop`, `kernel/loop/event_loop.cpp`\n")
        self.plant("docs/decisions/0001-x.md", "`kernel/chat/gone` was here\n")
        self.tidy("documents_name_files_that_exist")
        self.plant("docs/tour.md", "\n`kernel/chat/router` routes\n")
        self.untidy("documents_name_files_that_exist", "docs/tour.md:2: names kernel/chat/router")

    def test_limits_have_a_row(self):
        self.plant("kernel/boot/schema.cpp", '    {"queue_bytes_max", kInt},\n')
        self.plant("plugins/x/plugin.json", '{"config": {"lines_max": {"type": "integer"}}}\n')
        self.plant("docs/limits.md", "| name | x |\n|---|---|\n| `queue_bytes_max` | 4 |\n| lines_max | 4 |\n")
        self.tidy("limits_have_a_row")
        self.plant("kernel/chat/settings.h", "struct S {\n    uint32_t unacked_max = 1'000;\n};\n")
        self.plant("sdk/stream/a.h", "constexpr int kA = 4;  // docs/limits.md: stream_a_max\n")
        self.untidy("limits_have_a_row", "kernel/chat/settings.h:2: limit unacked_max", "limit stream_a_max")

    def test_metrics_in_documents_exist(self):
        self.plant("kernel/chat/a.cpp", 'c = counter("chat_lost_total", "x"); d = counter(prefix + "cut_total", "x");\n')
        self.plant("docs/operations.md", "`sara_chat_lost_total`, sara_tcp_cut_total, sara_cpu.1.out, `sara_chat_*`\n")
        self.tidy("metrics_in_documents_exist")
        self.plant("docs/operations.md", "\nrate(sara_chat_lots_total[5m])\n")
        self.untidy("metrics_in_documents_exist", "docs/operations.md:2: names metric sara_chat_lots_total")

    def test_translations_say_the_same(self):
        text = "# a\n\n## {0}\n\n```\nsara  # {0}\n```\n\n| `key` | {0} |\n\n[{0}](docs/a.md) [x](README{1}.md)\n"
        self.plant("README.md", text.format("two", ".zh-CN"))
        self.plant("README.zh-CN.md", text.format("二", ""))
        self.tidy("translations_say_the_same")
        for before, after, what in (("## ", "### ", "headings 2"), ("sara", "sarah", "code 1"),
                                    ("`key`", "`keys`", "table rows 1"), ("docs/a.md", "docs/b.md", "links 1")):
            self.plant("README.zh-CN.md", text.format("二", "").replace(before, after))
            self.untidy("translations_say_the_same", "README.zh-CN.md: " + what)

    def test_no_path_of_one_machine(self):
        self.plant("README.md", "cd ~/wo" + "rk/sara, ${prefix}/wo" + "rk/x and build/root/y\n")
        self.tidy("no_path_of_one_machine")
        for path in ("/wo" + "rk/main", "/tmp/w" + "t/sdk", "/ro" + "ot/.cache"):
            self.plant("docs/a.md", f"\nsee {path}\n")
            self.untidy("no_path_of_one_machine", "docs/a.md:2")

    @unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
    def test_code_is_as_clang_format_writes_it(self):
        shutil.copy(HERE.parent.parent / ".clang-format", self.root)
        self.plant("kernel/a.cpp", "int a() { return 1; }\n")
        self.tidy("code_is_as_clang_format_writes_it")
        self.plant("kernel/b.cpp", "int a( ) {return 1;}\n")
        self.untidy("code_is_as_clang_format_writes_it", "kernel/b.cpp:1")


if __name__ == "__main__":
    unittest.main()

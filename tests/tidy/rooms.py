"""Who may include whom: section "Rooms" of ARCHITECTURE.md, as a program."""
import re

from tree import CODE, line_of

KERNEL = ["loop", "chat", "bus", "boot"]  # each may include itself and what stands before it
VOCABULARY = ("sara/jid.hpp", "sara/result.hpp", "sara/str.hpp", "sara/abi/base.h")
C_STANDARD = ("stddef.h", "stdint.h")


def includes(text):
    for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', text, flags=re.M):
        yield line_of(text, m.start()), m.group(2)


def kernel_room(room, path):
    """Why a file of kernel/room may not include path, or None."""
    first = path.split("/")[0]
    if room == "makeconn" and first in KERNEL + ["sara"] or first == "makeconn" and room not in ("makeconn", "boot"):
        return "kernel/makeconn is a client: it shares nothing with the server"
    if room in KERNEL and first in KERNEL and KERNEL.index(first) > KERNEL.index(room):
        return f"kernel/{room} stands below kernel/{first}"
    if path.startswith("Poco/") and not (room == "boot" or (room == "bus" and "JSON" in path)):
        return f"kernel/{room} knows no POCO"
    if path.startswith("boost/dll") and room != "boot":
        return "only kernel/boot loads shared objects"
    if first == "sara":
        if room == "loop":
            return "kernel/loop knows no packet and no plugin"
        if room == "chat" and path not in VOCABULARY:
            return "kernel/chat sees the vocabulary of the SDK only (jid, result), no table"
        if room == "boot" and path.startswith("sara/abi/") and not path.endswith(("base.h", "plugin.h", "host.h")):
            return "only kernel/bus touches the tables of services"
    if first in ("stream", "testkit"):
        return "the kernel uses neither sdk/stream nor sdk/testkit"
    return None


def plugin(name, path, tree):
    first = path.split("/")[0]
    if first == "sara" or first == "stream" or path == "manifest.h":
        return None
    if first in KERNEL and f"plugins/{name}/{path}" not in tree.files:
        return "a plugin cannot see the kernel"
    if first == "testkit":
        return "sdk/testkit is for tests"
    others = {f.split("/")[1] for f in tree.files if f.startswith("plugins/") and f.count("/") > 1}
    if first in others - {name}:
        return f"a plugin cannot see another plugin ({first})"
    return None


def sdk_header(path, is_c):
    if path.startswith("sara/"):
        if is_c and path.endswith(".hpp"):
            return "a C header cannot include C++"
        return None
    if is_c and path not in C_STANDARD:
        return "headers of the ABI include <stddef.h>, <stdint.h> and each other"
    if not is_c and ("/" in path or "." in path):
        return "headers of the SDK include standard C++ headers and <sara/...>"
    return None


def verdict(name, path, tree):
    parts = name.split("/")
    if ".." in path.split("/"):
        return "no way up: name the file from its room"
    if parts[0] in ("kernel", "plugins", "sdk"):
        if path.split("/")[0] in ("tests", "bench", "kernel", "plugins"):
            return "tests, bench and whole paths into rooms are included by nobody"
        if path.startswith(("gtest/", "gmock/", "benchmark/")) and not name.startswith("sdk/testkit/"):
            return "test libraries are for tests"
    if parts[0] == "kernel" and parts[1] in KERNEL + ["makeconn"]:
        return kernel_room(parts[1], path)
    if parts[0] == "plugins" and len(parts) > 2:
        return plugin(parts[1], path, tree)
    if name.startswith("sdk/include/"):
        return sdk_header(path, name.endswith(".h"))
    if name.startswith(("sdk/stream/", "sdk/testkit/", "sdk/examples/")) and path.split("/")[0] in KERNEL:
        return "the SDK cannot see the kernel"
    return None


def check(tree):
    for name in tree.under(ends=CODE):
        for line, path in includes(tree.text(name)):
            why = verdict(name, path, tree)
            if why:
                tree.complain(name, line, f"includes {path}: {why}")

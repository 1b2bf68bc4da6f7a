#!/usr/bin/env python3
"""Freeze gate of the plugin ABI: says what the headers promise and compares it with what was released.

    freeze.py [--include DIR] [--golden FILE] [--cc CC]           compare; exit code 1 and the lines that broke
    freeze.py --write [...]                                       write the golden file of the current minor

Decides: a release freezes every offset, size, declaration and constant. Later minors may append fields to
tables that begin with their size, and add structs, typedefs and constants. Everything else is refused.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def squeeze(text):
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\s*([(),;*\[\]])\s*", r"\1", text)


class Abi:
    """The declarations of the C headers, as text; layouts and values are asked of the compiler."""

    def __init__(self, include):
        self.include = include
        self.defines, self.enums, self.structs, self.functions = [], [], {}, []
        for header in sorted((include / "sara" / "abi").glob("*.h")):
            self.read(without_comments(header.read_text()))

    def read(self, text):
        text = text.replace("\\\n", " ")
        for line in re.findall(r"^\s*#\s*define\s+(.*)$", text, flags=re.M):
            if not re.match(r"\w+_H\s*$", line):
                self.defines.append(re.sub(r"\s+", " ", line).strip())
        text = re.sub(r"^\s*#.*$", "", text, flags=re.M).replace('extern "C" {', "")
        for body in re.findall(r"\benum\s*\w*\s*\{(.*?)\}", text, flags=re.S):
            self.enums += re.findall(r"^\s*(\w+)", body.replace(",", "\n"), flags=re.M)
        text = re.sub(r"\benum\s*\w*\s*\{.*?\}\s*;", "", text, flags=re.S)
        for name, body in re.findall(r"\bstruct\s+(\w+)\s*\{(.*?)\}", text, flags=re.S):
            self.structs[name] = [squeeze(f) for f in body.split(";") if f.strip()]
        text = re.sub(r"\btypedef\s+struct\s+\w+\s*\{.*?\}\s*\w+\s*;", "", text, flags=re.S)
        text = re.sub(r"\bstruct\s+\w+\s*\{.*?\}\s*;", "", text, flags=re.S)
        self.functions += [squeeze(d) for d in text.split(";") if "sara_" in d]

    def minor(self):
        for line in self.defines:
            found = re.fullmatch(r"SARA_ABI_MINOR (\d+)u", line)
            if found:
                return int(found.group(1))
        sys.exit("freeze: SARA_ABI_MINOR is not in the headers")

    def program(self):
        lines = ["#include <sara/sara.h>", "#include <stdio.h>", "int main(void) {"]
        for name in self.enums:
            lines.append(f'printf("constant {name} = %lld\\n", (long long){name});')
        for name, fields in self.structs.items():
            lines.append(f'printf("struct {name} size %zu\\n", sizeof({name}));')
            for declaration in fields:
                field = field_name(declaration)
                lines.append(f'printf("field {name}.{field} offset %zu size %zu: %s\\n", '
                             f"offsetof({name}, {field}), sizeof((({name} *)0)->{field}), \"{declaration}\");")
        return "\n".join(lines + ["return 0; }", ""])

    def lines(self, cc):
        """One line per promise; fields stand behind their struct, in order."""
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "layout.c"
            source.write_text(self.program())
            binary = pathlib.Path(folder) / "layout"
            built = subprocess.run([cc, "-std=c11", "-I", str(self.include), str(source), "-o", str(binary)],
                                   capture_output=True, text=True)
            if built.returncode != 0:
                sys.exit("freeze: the headers do not compile:\n" + built.stderr)
            layout = subprocess.run([str(binary)], capture_output=True, text=True, check=True).stdout
        out = [f"define {d}" for d in self.defines if not d.startswith("SARA_ABI_MINOR")]
        return out + [f"declaration {d}" for d in self.functions] + layout.splitlines()


def field_name(declaration):
    pointer = re.search(r"\(\*(\w+)\)", declaration)
    return pointer.group(1) if pointer else re.search(r"(\w+)(\[\w+\])?$", declaration).group(1)


def key(line):
    """What a line is about: two lines with one key are one promise and its change."""
    kind, rest = line.split(" ", 1)
    if kind == "declaration":
        pointer = re.search(r"\(\*(\w+)\)", rest)
        return kind, pointer.group(1) if pointer else rest.split("(")[0].split()[-1]
    if kind == "define" and rest.startswith("SARA_NOEXCEPT"):
        return kind, rest
    return kind, re.split(r"[ (]", rest, maxsplit=1)[0]


def size_of(line):
    return int(re.match(r"struct \w+ size (\d+)", line).group(1))


def grown_ok(name, old, new, abi):
    """May this struct be longer now? A sentence that says why not, or None."""
    if size_of(new) < size_of(old):
        return "shrank"
    if not abi.structs[name][0].endswith(" struct_size") and not abi.structs[name][0].startswith("sara_event "):
        return "does not begin with its size, so no reader can tell old from new"
    return None


def compare(golden, current, golden_minor, abi):
    """Broken promises as sentences."""
    broken, now = [], {key(l): l for l in current}
    old = {key(l): l for l in golden}
    raised = abi.minor() > golden_minor
    for k, line in old.items():
        new = now.get(k)
        if new is None:
            broken.append(f"gone or renamed: {line}")
        elif new != line and k[0] == "struct":
            why = grown_ok(k[1], line, new, abi)
            if why:
                broken.append(f"{k[1]} {why}\n  was: {line}\n  now: {new}")
        elif new != line:
            broken.append(f"changed\n  was: {line}\n  now: {new}")
    for k, line in now.items():
        if k in old:
            continue
        if not raised:
            broken.append(f"new, but SARA_ABI_MINOR is still {abi.minor()}: {line}")
        if k[0] == "field" and ("struct", k[1].split(".")[0]) in old:
            struct = k[1].split(".")[0]
            offset = int(re.search(r"offset (\d+)", line).group(1))
            if offset < size_of(old[("struct", struct)]):
                broken.append(f"not behind the end of the released {struct} (insertion, or hidden in its "
                              f"padding, where SARA_HAS() cannot tell): {line}")
    return broken


def golden_of(path):
    lines = [l for l in path.read_text().splitlines() if l and not l.startswith("#")]
    return int(re.search(r"-1\.(\d+)\.txt$", path.name).group(1)), lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "sdk" / "include")
    parser.add_argument("--golden", type=pathlib.Path, default=HERE / "golden")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()

    abi = Abi(args.include)
    current = abi.lines(args.cc)
    if args.write:
        path = args.golden / f"abi-1.{abi.minor()}.txt"
        path.write_text(f"# The plugin ABI 1.{abi.minor()} on 64-bit Linux, as released. Made by freeze.py.\n" +
                        "\n".join(current) + "\n")
        print(f"{path}: {len(current)} promises")
        return 0
    broken = []
    for path in sorted(args.golden.glob("abi-1.*.txt")):
        minor, lines = golden_of(path)
        broken += [f"{path.name}: {b}" for b in compare(lines, current, minor, abi)]
    if broken:
        print("\n".join(broken))
        print(f"{len(broken)} broken promises; docs/abi-stability.md says what a minor may change")
        return 1
    print(f"{len(current)} promises kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Compiles every header of the SDK alone: matrix.py COMPILER STANDARD. C standards take the C headers only.
Exit code 77 (skipped) when the compiler is not installed."""
import pathlib
import shutil
import subprocess
import sys

INCLUDE = pathlib.Path(__file__).resolve().parent.parent.parent / "sdk" / "include"
FLAGS = ["-Wall", "-Wextra", "-Wshadow", "-pedantic", "-Werror", "-fsyntax-only", "-I", str(INCLUDE)]


def main():
    compiler, standard = sys.argv[1:]
    if shutil.which(compiler) is None:
        print(f"{compiler} is not installed")
        return 77
    c = standard.startswith("c1")
    headers = sorted(INCLUDE.glob("sara/**/*.h")) + ([] if c else sorted(INCLUDE.glob("sara/**/*.hpp")))
    failed = 0
    for header in headers:
        # Twice: include guards work too.
        line = f"#include <{header.relative_to(INCLUDE)}>\n"
        done = subprocess.run([compiler, f"-std={standard}", *FLAGS, "-x", "c" if c else "c++", "-"],
                              input=line * 2 + "int main(void) { return 0; }\n" if c else line * 2 + "int main() {}\n",
                              text=True, capture_output=True, check=False)
        if done.returncode != 0:
            failed += 1
            print(done.stderr)
    print(f"{len(headers) - failed} of {len(headers)} headers compile alone as {standard} with {compiler}")
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Style is a test: tidy.py RULE [--root DIR]. Prints each place that breaks the rule; exit code 1 when there is
one, 77 (skipped) when the rule needs a tool that is not installed. tidy.py --list names the rules."""
import argparse
import pathlib
import shutil
import subprocess
import sys

import paper
import rooms
import shape
from tree import Tree


def clang_format(tree):
    """[] and None when clean; a reason to skip when this machine has no clang-format of the right major."""
    tool = next((t for t in ("clang-format-14", "clang-format") if shutil.which(t)), None)
    if tool is None:
        return "clang-format is not installed"
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
    if " 14." not in version:
        return "clang-format 14 is not installed: " + version.strip()
    files = paper.code_files(tree)
    for i in range(0, len(files), 50):
        done = subprocess.run([tool, "--dry-run", "-Werror", "--style=file", *files[i:i + 50]], cwd=tree.root,
                              capture_output=True, text=True, check=False)
        seen = set()
        for line in done.stderr.split("\n"):
            name, _, rest = line.partition(":")
            if "clang-format-violations" in rest and name not in seen:
                seen.add(name)
                tree.complain(name, int(rest.split(":")[0]), "is not as clang-format writes it")
    return None


RULES = {
    "rooms_include_only_downwards": rooms.check,
    "files_end_by_400_lines": shape.lengths,
    "functions_end_by_70_lines": shape.function_lengths,
    "names_say_something": shape.names,
    "headers_say_what_they_decide": shape.headers,
    "sdk_functions_name_their_thread": shape.thread_tags,
    "no_file_is_dead": paper.dead_files,
    "links_in_documents_resolve": paper.links,
    "documents_name_files_that_exist": paper.named_files,
    "limits_have_a_row": paper.limits,
    "translations_say_the_same": paper.translations,
    "metrics_in_documents_exist": paper.metrics,
    "no_path_of_one_machine": paper.machine_paths,
    "code_is_as_clang_format_writes_it": clang_format,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rule", nargs="?", choices=sorted(RULES))
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent.parent)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list or args.rule is None:
        print("\n".join(RULES))
        return 0
    tree = Tree(args.root)
    skip = RULES[args.rule](tree)
    if skip:
        print(skip)
        return 77
    print("\n".join(tree.complaints) if tree.complaints else f"{len(tree.files)} files are tidy")
    return 1 if tree.complaints else 0


if __name__ == "__main__":
    sys.exit(main())

"""Length of files and functions, names, header comments, thread tags: the shape of code."""
import ast
import re

from tree import CODE, blanked, line_of

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
BANNED = ("util", "utils", "misc", "common", "helper", "helpers", "manager", "managers")


def lengths(tree):
    for name in tree.under(ends=CODE + (".py", ".sh")):
        n = tree.text(name).count("\n")
        if n > FILE_LINES_MAX:
            tree.complain(name, 0, f"{n} lines; {FILE_LINES_MAX} is the limit: split it by what it decides")


def functions(text):
    """(first line, lines) of every function body outside of other functions."""
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), blanked(text),
                  flags=re.M)
    inside, depth, start = 0, 0, 0
    since = 0  # where the text that introduces the next brace begins
    for m in re.finditer(r"[{};]", text):
        at, c = m.start(), m.group(0)
        if c == "{":
            if inside == 0 and is_function(text[since:at]):
                inside, start = depth + 1, at
            depth += 1
        elif c == "}":
            if inside and depth == inside:
                yield line_of(text, start), line_of(text, at) - line_of(text, start) + 1
                inside = 0
            depth -= 1
        if c != ";" or not open_parenthesis(text[since:at]):
            since = at + 1


def open_parenthesis(text):
    return text.count("(") > text.count(")")


def is_function(head):
    head = re.sub(r"\[\[.*?\]\]|__attribute__\s*\(\(.*?\)\)", " ", head, flags=re.S)
    if re.search(r"\b(namespace|enum)\b|\bextern\s*$", head) or "(" not in head:
        return False
    if re.search(r"=\s*$|\breturn\s*$", head):
        return False
    return not re.search(r"\b(class|struct|union)\s+\w+[^()]*$", head)


def function_lengths(tree):
    for name in tree.under(ends=CODE):
        for line, n in functions(tree.text(name)):
            if n > FUNCTION_LINES_MAX:
                tree.complain(name, line, f"function of {n} lines; {FUNCTION_LINES_MAX} is the limit")
    for name in tree.under(ends=(".py",)):
        for node in ast.walk(ast.parse(tree.text(name))):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX:
                tree.complain(name, node.lineno, f"function {node.name} is longer than {FUNCTION_LINES_MAX} lines")


def names(tree):
    for name in tree.files:
        for part in name.split("/"):
            words = set(re.split(r"[._-]", part.lower()))
            if words & set(BANNED):
                tree.complain(name, 0, f"'{(words & set(BANNED)).pop()}' says nothing: name what it decides")
    word = "|".join(w.capitalize() for w in BANNED)
    for name in tree.under(ends=CODE):
        text = blanked(tree.text(name))
        for m in re.finditer(rf"\b(?:class|struct|namespace)\s+(\w*(?:{word})(?![a-z])\w*|{'|'.join(BANNED)})\b", text):
            tree.complain(name, line_of(text, m.start()), f"{m.group(1)} says nothing: name what it decides")


def headers(tree):
    for name in tree.under("kernel/", "sdk/", "plugins/", ends=(".h", ".hpp")):
        if not tree.text(name).startswith(("//", "/*")):
            tree.complain(name, 1, "a header begins with what it decides and what it refuses")


def thread_tags(tree):
    for name in tree.under("sdk/include/sara/abi/", ends=(".h",)):
        text = tree.text(name)
        for struct in re.finditer(r"\bstruct\s+\w+\s*\{(.*?)\n\}", text, flags=re.S):
            tagged = False
            for part in re.finditer(r"/\*.*?\*/|\(\*(\w+)\)|;", struct.group(1), flags=re.S):
                if part.group(0).startswith("/*"):
                    tagged = bool(re.search(r"\[(control|loop|worker|any)\]", part.group(0)))
                elif part.group(1) and not tagged:
                    line = line_of(text, struct.start(1) + part.start())
                    tree.complain(name, line, f"{part.group(1)}: say its thread: [control] [loop] [worker] [any]")

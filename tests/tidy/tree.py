"""The files that tidy judges, and how to say what is wrong with one. Knows git, or just a folder."""
import pathlib
import re
import subprocess

CODE = (".h", ".hpp", ".c", ".cpp")
BUILD_FILES = ("CMakeLists.txt", ".cmake")


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.files = sorted(self.tracked())
        self.complaints = []
        self._texts = {}

    def tracked(self):
        """Files of the repository that exist, new ones included; every file when this is no repository."""
        listed = subprocess.run(["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others",
                                 "--exclude-standard"], capture_output=True, text=True, check=False)
        if (self.root / ".git").exists() and listed.returncode == 0:
            names = set(listed.stdout.split("\0")) - {""}
        else:
            names = {str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()}
            names = {n for n in names if not n.startswith(("build/", ".git/", ".cache/"))}
        return [n for n in names if (self.root / n).is_file()]

    def under(self, *folders, ends=CODE):
        return [f for f in self.files if f.startswith(folders or "") and f.endswith(tuple(ends))]

    def text(self, name):
        if name not in self._texts:
            self._texts[name] = (self.root / name).read_text(errors="replace")
        return self._texts[name]

    def complain(self, name, line, sentence):
        self.complaints.append(f"{name}:{line}: {sentence}" if line else f"{name}: {sentence}")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def blanked(text):
    """C and C++ text with comments, strings and characters replaced by spaces, line for line."""
    pattern = (r'R"(\w*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"'
               r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'")
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)

"""Documents and build files: links, named files, limits, dead files, paths of one machine."""
import fnmatch
import re

from tree import BUILD_FILES, CODE, line_of

MACHINE = re.compile(r"(?<![\w.$}/~])/(?:wo" + r"rk|tmp/w" + r"t|ro" + r"ot)/")


def slug(heading):
    heading = re.sub(r"[`*]", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def prose(text):
    """Markdown without its code blocks, line for line."""
    return re.sub(r"^```.*?^```", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.M | re.S)


def links(tree):
    for name in tree.under(ends=(".md",)):
        text = prose(tree.text(name))
        folder = (tree.root / name).parent
        for m in re.finditer(r"\[[^\]]*\]\(([^)\s]+)\)", text):
            target, _, anchor = m.group(1).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            path = (folder / target) if target else tree.root / name
            if not path.exists():
                tree.complain(name, line_of(text, m.start()), f"link to {target}, which is not there")
            elif anchor and path.suffix == ".md":
                titles = {slug(t) for t in re.findall(r"^#+ (.*)$", path.read_text(), flags=re.M)}
                if anchor not in titles:
                    tree.complain(name, line_of(text, m.start()), f"link to #{anchor}, which is no heading there")


def named_files(tree):
    """`kernel/loop/event_loop` in a document names a file or a folder, with or without its ending."""
    folders = {f.rsplit("/", i)[0] for f in tree.files for i in range(1, f.count("/") + 1)}
    stems = {re.sub(r"\.\w+$", "", f) for f in tree.files}
    known = set(tree.files) | folders | stems
    for name in tree.under(ends=(".md",)):
        if name.startswith("docs/decisions/") or name == "CHANGELOG.md":
            continue  # history may name what is gone
        text = prose(tree.text(name))
        for m in re.finditer(r"`((?:kernel|plugins|sdk|tests|bench|scripts|docs)/[\w./-]+)`", text):
            if m.group(1).rstrip("/") not in known:
                tree.complain(name, line_of(text, m.start()), f"names {m.group(1)}, which is not there")


def metrics(tree):
    """`sara_chat_lost_total` in a document is a metric that some source defines, with or without its room's prefix."""
    sources = " ".join(tree.text(f) for f in tree.under("kernel/", "plugins/", "sdk/"))
    known = set(re.findall(r'"([a-z][a-z0-9_]*)"', sources))
    for name in tree.under("docs/operations", "docs/wire", ends=(".md",)):
        text = tree.text(name)
        for m in re.finditer(r"\bsara_([a-z0-9_]+[a-z0-9])(?![a-z0-9_*]|\.[0-9])", text):
            metric = m.group(1)
            behind = metric.split("_", 1)[-1]  # "tcp_" + name
            if not {metric, "sara_" + metric, behind} & known:
                tree.complain(name, line_of(text, m.start()), f"names metric sara_{metric}, which nobody defines")


def skeleton(text):
    """What a translation shares with its original: levels of headings, code, first cells of tables, links."""
    plain = prose(text)
    code = re.findall(r"^```.*?^```", text, flags=re.M | re.S)
    return {
        "headings": [len(m) for m in re.findall(r"^(#+) ", plain, flags=re.M)],
        "code": [re.sub(r"[ \t]*(?:#|//)[ \t].*$", "", block, flags=re.M) for block in code],
        "table rows": [re.findall(r"`[^`]*`", m) for m in re.findall(r"^\|([^|]*)\|", plain, flags=re.M)],
        "links": [t for t in re.findall(r"\]\(([^)\s]+)\)", plain) if not re.match(r"README[.\w-]*md$", t)],
    }


def translations(tree):
    """The README in Chinese says the same as the other one, as far as a program can see."""
    for name in tree.under("README", "docs/", ends=(".zh-CN.md",)):
        original = name.replace(".zh-CN.md", ".md")
        if original not in tree.files:
            tree.complain(name, 0, f"translates {original}, which is not there")
            continue
        ours, theirs = skeleton(tree.text(name)), skeleton(tree.text(original))
        for part, there in theirs.items():
            here = ours[part]
            if here != there:
                at = next((i for i, (a, b) in enumerate(zip(here, there)) if a != b), min(len(here), len(there)))
                show = [str(x[at])[:60] if at < len(x) else "nothing" for x in (here, there)]
                tree.complain(name, 0, f"{part} {at + 1}: here {show[0]}, in {original} {show[1]}")


def limit_names(tree):
    """Every name that the configuration or a Settings struct calls a limit, with where it stands."""
    found = {}
    for name in tree.under("kernel/", "plugins/", "sdk/stream/"):
        text = tree.text(name)
        # A mark "docs/limits.md: name" beside a constant gives its name itself, see below.
        pattern = r'\{"([a-z][a-z0-9_]*_max)"' if "/boot/" in name else \
            r"^\s+[\w:]+ ([a-z][a-z0-9_]*_max) = [1-9](?!.*docs/limits\.md)"
        for m in re.finditer(pattern, text, flags=re.M):
            found.setdefault(m.group(1), (name, line_of(text, m.start())))
        for m in re.finditer(r"docs/limits\.md: ?([a-z][a-z0-9_]*)", text):  # a mark beside a constant
            found.setdefault(m.group(1), (name, line_of(text, m.start())))
    for name in tree.under("plugins/", ends=("plugin.json", "manifest.json")):
        text = tree.text(name)
        for m in re.finditer(r'"([a-z][a-z0-9_]*_max)"\s*:\s*\{', text):
            found.setdefault(m.group(1), (name, line_of(text, m.start())))
    return found


def limits(tree):
    rows = set()
    for name in tree.under("docs/limits", ends=(".md",)):
        rows |= {r.strip("`") for r in re.findall(r"^\|\s*([`\w]+)\s*\|", tree.text(name), flags=re.M)}
    for limit, (name, line) in sorted(limit_names(tree).items()):
        if limit not in rows:
            tree.complain(name, line, f"limit {limit} has no row in docs/limits.md")


def mentions(build_text, path):
    """Does this build file name the source, as a path or by its stem in a loop over names?"""
    stem = re.sub(r"\.\w+$", "", path)
    for glob in re.findall(r"[\w./-]*\*[\w.*/-]*", re.sub(r"\$\{\w+\}/", "", build_text)):
        if "." in glob and fnmatch.fnmatchcase(path, glob):
            return True
    return bool(re.search(rf"(?:^|[\s(\"]|}}/){re.escape(path)}(?!\w)", build_text)
                or re.search(rf"(?<![\w/.-]){re.escape(stem)}(?![\w./-])", build_text))


def dead_files(tree):
    builds = [f for f in tree.files if f.endswith(BUILD_FILES)]
    for name in tree.under(ends=(".c", ".cpp")):
        alive = False
        for build in builds:
            folder = build.rsplit("/", 1)[0] + "/" if "/" in build else ""
            alive = alive or (name.startswith(folder) and mentions(tree.text(build), name[len(folder):]))
        if not alive:
            tree.complain(name, 0, "no CMakeLists.txt builds it")
    included = " ".join(re.findall(r'#\s*include\s*[<"]([^>"]+)', " ".join(tree.text(f) for f in tree.under())))
    for name in tree.under(ends=(".h", ".hpp")):
        if not re.search(rf"(?:^|[ /]){re.escape(name.split('/')[-1])}(?: |$)", included):
            tree.complain(name, 0, "nobody includes it")


def machine_paths(tree):
    for name in tree.files:
        for i, line in enumerate(tree.text(name).split("\n"), 1):
            if MACHINE.search(line):
                tree.complain(name, i, "names a path of one machine")


def code_files(tree):
    return tree.under(ends=CODE)

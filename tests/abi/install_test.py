#!/usr/bin/env python3
"""The SDK outside of this tree: installed into a prefix of its own and used by a project that knows only it."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# A project with the SDK alone, as the root project includes it; the kernel is not built for this test.
SDK_PROJECT = """cmake_minimum_required(VERSION 3.25)
project(sara VERSION 1.0.0 LANGUAGES C CXX)
add_subdirectory({sdk}/package sdk)
"""


def run(*args, **kwargs):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, **kwargs)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(cls.folder.name)
        cls.root, cls.prefix = root, root / "prefix"
        source = root / "source"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(SDK_PROJECT.format(sdk=ROOT / "sdk"))
        for step in (["cmake", "-S", source, "-B", root / "build"],
                     ["cmake", "--install", root / "build", "--prefix", cls.prefix]):
            done = run(*step)
            assert done.returncode == 0, done.stdout + done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def build(self, project):
        build = project.parent / (project.name + "-build")
        done = run("cmake", "-S", project, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        if done.returncode == 0:
            done = run("cmake", "--build", build)
        return done, build

    def test_installed_examples_build_out_of_tree(self):
        for name in ("hello-filter", "packet-counter", "token-auth"):
            project = self.root / "out" / name
            shutil.copytree(self.prefix / "share" / "sara" / "examples" / name, project)
            done, build = self.build(project)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            plugin = build / "examples" / f"{name}.so"
            symbols = run("nm", "-D", "--defined-only", plugin).stdout.split("\n")
            self.assertEqual([s.split()[-1] for s in symbols if s], ["sara_plugin_entry_v1"])
            self.assertIn(".sara.manifest", run("readelf", "-SW", plugin).stdout)

    def project_with_manifest(self, manifest):
        project = self.root / "manifest"
        shutil.rmtree(project, ignore_errors=True)
        shutil.rmtree(self.root / "manifest-build", ignore_errors=True)
        shutil.copytree(ROOT / "sdk" / "examples" / "hello-filter", project)
        (project / "plugin.json").write_text(manifest)
        return project

    def refused(self, manifest, words):
        done, _ = self.build(self.project_with_manifest(manifest))
        self.assertNotEqual(done.returncode, 0, "configured with " + manifest)
        self.assertIn(words, " ".join(done.stderr.split()))

    def test_a_wrong_manifest_is_found_while_configuring(self):
        good = '"id": "org.acme.x", "version": "1.0.0", "abi": "1.0"'
        self.refused("{ nonsense", "not a plugin manifest")
        self.refused('{"version": "1.0.0", "abi": "1.0"}', '"id" must be a text like')
        self.refused('{"id": "org.acme.x", "version": "1", "abi": "1.0"}', '"version" must be a text like')
        self.refused('{"id": "org.acme.x", "version": "1.0.0", "abi": 1.0}', '"abi" must be a text like')
        self.refused("{" + good + ', "hook": []}', 'unknown member "hook"')
        self.refused("{" + good + ', "hooks": {}}', '"hooks" must be an array')
        self.refused("{" + good + ', "provides": ["store"]}', "must name a service like")

    def test_a_manifest_of_200_kilobytes_with_every_awkward_byte_arrives_whole(self):
        awkward = 'quote \\" backslash \\\\ trigraph ??/ at @id@ dollar ${x} $<1:y> semicolon ; bracket [[ é'
        entries = ",\n".join(f'"key_{i}": {{"type": "string", "description": "{awkward} {i}"}}' for i in range(1500))
        manifest = ('{"id": "org.acme.x", "version": "1.0.0", "abi": "1.0",\n\t"hooks": [{"name": "packet.in"}],\n'
                    '"config": {' + entries + "}}\n")
        self.assertGreater(len(manifest), 150_000)
        done, build = self.build(self.project_with_manifest(manifest))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        section = self.root / "section"
        run("objcopy", "--dump-section", f".sara.manifest={section}", build / "examples" / "hello-filter.so",
            self.root / "copy.so")
        self.assertEqual(section.read_bytes().rstrip(b"\0").decode(), manifest)


if __name__ == "__main__":
    unittest.main()

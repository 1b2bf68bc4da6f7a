#!/usr/bin/env python3
"""scripts/steps.sh as scripts/run and scripts/test use it: under `set -euo pipefail`, without a terminal."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Steps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.logs = pathlib.Path(folder.name)

    def bash(self, text):
        head = f'set -euo pipefail; root="{ROOT}"; logs="{self.logs}"; . "$root/scripts/steps.sh"\n'
        return subprocess.run(["bash", "-c", head + text], capture_output=True, text=True, timeout=30, check=False)

    def test_a_long_step_that_logs_no_progress_did_end_the_script_after_a_minute(self):
        """apt-get for longer than 60 s: the grep for [n/m] found nothing, and -e ended scripts/run."""
        (self.logs / "log").write_text("Unpacking g++ ...\n", encoding="utf-8")
        ran = self.bash('progress "installing" 60 "$logs/log"; echo survived')
        self.assertEqual(ran.stdout, "installing, 60 s \nsurvived\n", ran.stderr)

    def test_a_build_shows_how_far_it_is(self):
        (self.logs / "log").write_text("[1/9] a\n[7/9] b\nwarning\n", encoding="utf-8")
        self.assertEqual(self.bash('progress "building" 120 "$logs/log"').stdout, "building, 120 s [7/9]\n")

    def test_a_step_that_fails_shows_the_end_of_its_log_and_its_code(self):
        ran = self.bash('step "trying it" bash -c "echo the reason; exit 3" || echo "code $?"')
        self.assertIn("FAILED: trying it", ran.stdout)
        self.assertIn("the reason", ran.stdout)
        self.assertTrue(ran.stdout.endswith("code 3\n"), ran.stdout)

    def test_a_short_step_is_silent(self):
        self.assertEqual(self.bash('step "nothing" true').stdout, "")


if __name__ == "__main__":
    sys.exit(unittest.main())

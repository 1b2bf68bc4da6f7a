#!/usr/bin/env python3
"""emsg.js, the client module of examples/web-chat, in a real browser with a socket that the test plays: each test
runs the case of its name in emsg_cases.js. Skipped (exit code 77) when no browser is installed."""
import pathlib
import re
import sys
import unittest

import browser
from web_person import PAGE, BrowserCase

CASES = (pathlib.Path(__file__).parent / "emsg_cases.js").read_text()


class EmsgModule(BrowserCase):
    def play(self):
        name = self._testMethodName.removeprefix("test_")
        page = self.browser.page(PAGE)
        page.evaluate(CASES.replace("const cases =", "window.cases =", 1))
        outcome = page.evaluate(f"cases.{name}().then(() => 'kept', (error) => String(error.stack))")
        self.assertEqual(outcome, "kept")

    def test_each_case_has_a_test(self):
        written = set(re.findall(r"^    async (\w+)\(\)", CASES, flags=re.M))
        tests = {name.removeprefix("test_") for name in dir(self) if name.startswith("test_")}
        self.assertEqual(written, tests - {"each_case_has_a_test"})

    def test_acknowledges_what_asks_for_it_and_nothing_else(self):
        self.play()

    def test_acknowledges_after_the_listener_is_done_and_in_order(self):
        self.play()

    def test_a_message_whose_listener_failed_is_not_acknowledged_and_is_taken_when_it_comes_again(self):
        self.play()

    def test_a_repeat_is_acknowledged_again_and_not_handed_out_again(self):
        self.play()

    def test_a_batch_is_acknowledged_once_by_the_id_of_the_login(self):
        self.play()

    def test_a_batch_with_a_message_that_failed_is_acknowledged_one_by_one(self):
        self.play()

    def test_what_has_no_ack_is_sent_again_in_order_and_with_the_same_id(self):
        self.play()

    def test_a_message_that_never_gets_its_ack_is_given_up(self):
        self.play()

    def test_pauses_grow_to_a_limit_with_chance_in_them(self):
        self.play()

    def test_a_connection_that_does_not_answer_a_heartbeat_is_replaced(self):
        self.play()

    def test_answered_heartbeats_keep_the_connection(self):
        self.play()

    def test_a_server_that_does_not_answer_the_login_is_left(self):
        self.play()

    def test_a_refused_login_is_not_tried_again_unless_the_reason_passes(self):
        self.play()

    def test_kill_ends_the_client_and_connect_brings_it_back(self):
        self.play()

    def test_frames_that_are_no_packets_are_ignored(self):
        self.play()

    def test_text_is_made_well_formed_and_long_text_is_refused(self):
        self.play()

    def test_a_message_too_large_for_the_server_does_not_end_every_connection(self):
        self.play()

    def test_an_address_that_is_none_is_refused_at_once(self):
        self.play()


if __name__ == "__main__":
    if browser.find() is None:
        print("no browser is installed: scripts/packages names one")
        sys.exit(77)
    unittest.main()

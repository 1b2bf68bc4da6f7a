#!/usr/bin/env python3
"""examples/web-chat in a real browser against the real server: what people see when they use it by mouse and keyboard.

Skipped (exit code 77) when no browser is installed. The server's program is $SARA_TEST_BINARY."""
import pathlib
import sys
import tempfile
import unittest

import browser
from sara_server import SaraServer

PAGE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "web-chat" / "index.html"


class WebChat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sara-web-"))
        cls.browser = browser.Browser(cls.folder)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(dir=self.folder))
        self.server = SaraServer(folder)
        self.addCleanup(self.end_server)
        self.pages = []

    def tearDown(self):
        for page in self.pages:
            self.assertEqual(page.complaints, [], "what the page wrote to the console")

    def end_server(self):
        self.assertEqual(self.server.stop(), 0, self.server.output())  # not 0 also when a sanitizer has complained

    def page(self, jid, password="", heartbeat_s="50"):
        """Somebody who has opened the page and filled in the form."""
        page = self.browser.page(PAGE.as_uri())
        self.pages.append(page)
        page.fill("#server", self.server.address)
        page.fill("#jid", jid)
        page.fill("#password", password)
        page.fill("#heartbeat-s", heartbeat_s)
        return page

    def online(self, jid, **more):
        page = self.page(jid, **more)
        page.click("#login")
        page.wait_text("#state", "online")
        return page

    def talk_to(self, page, name, group=False):
        page.fill("#peer", name)
        page.evaluate("document.getElementById('kind').focus()")
        if group != (page.evaluate("document.getElementById('kind').value") == "group"):
            page.press("ArrowDown")
        page.click("#open")
        page.wait_text("#with", name)

    def say(self, page, text):
        page.fill("#text", text)
        page.click("#send")
        page.wait("document.getElementById('text').value === ''")

    def test_a_message_arrives_and_its_sender_sees_the_ack(self):
        alice, bob = self.online("alice@demo/desk"), self.online("bob@demo/phone")
        self.talk_to(alice, "bob@demo")
        self.say(alice, "hello bob, 你好")
        bob.wait_text(".theirs .text", "hello bob, 你好")
        self.assertEqual(bob.text(".theirs .from"), "alice@demo")
        self.assertEqual(bob.text("#with"), "alice@demo")
        alice.wait("document.querySelector('.mine').dataset.state === 'acked'")
        self.assertRegex(alice.text(".mine .mark"), r"✓ safe, \d+ ms")
        alice.wait_text("#n-acked", "1")
        self.assertEqual([alice.text("#n-sent"), alice.text("#n-waiting"), bob.text("#n-received")], ["1", "0", "1"])

    def test_heartbeats_are_answered_and_timed(self):
        alice = self.online("alice@demo", heartbeat_s="0.2")
        alice.wait("Number(document.getElementById('n-answers').innerText) >= 3")
        self.assertRegex(alice.text("#n-rtt"), r"^\d+ ms$")
        self.assertEqual(alice.text("#state"), "online")
        bob = self.online("bob@demo")
        bob.click("#beat")
        bob.wait_text("#n-answers", "1")
        self.assertEqual(bob.text("#n-beats"), "1")

    def test_a_message_to_somebody_away_comes_when_he_logs_in_and_only_once(self):
        alice = self.online("alice@demo")
        self.talk_to(alice, "bob@demo")
        for text in ("first", "second"):
            self.say(alice, text)
        alice.wait_text("#n-acked", "2")
        bob = self.online("bob@demo")
        bob.wait_text("#n-offline", "2")
        self.assertEqual(bob.texts(".theirs .text"), ["first", "second"])
        self.assertEqual(bob.text(".theirs .away"), "while you were away")
        bob.click("#beat")
        bob.wait_text("#n-answers", "1")  # the acknowledgement of the batch is behind the server's door
        bob.click("#logout")
        bob.wait_text("#state", "offline")
        again = self.online("bob@demo")
        again.click("#beat")
        again.wait_text("#n-answers", "1")
        self.assertEqual(again.text("#n-received"), "0")

    def test_a_second_login_ends_the_first_page_which_says_so_and_stays_out(self):
        first = self.online("alice@demo/desk")
        second = self.online("alice@demo/phone", heartbeat_s="0.2")
        first.wait_text("#state", "logged in elsewhere")
        self.assertIn("This page stays out until you log in", first.text("#banner"))
        # A page that reconnected would do so after at most one second, and end the second one.
        second.wait("Number(document.getElementById('n-answers').innerText) >= 8")
        self.assertEqual([first.text("#state"), second.text("#state")], ["logged in elsewhere", "online"])
        first.click("#login")  # the person decides
        first.wait_text("#state", "online")
        second.wait_text("#state", "logged in elsewhere")

    def test_markup_in_a_message_is_shown_as_text(self):
        evil = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'><b>bold</b>"
        alice, bob = self.online("alice@demo/<img/src=x/onerror=window.pwned=3>"), self.online("bob@demo")
        bob.click("#frames-panel summary")
        self.talk_to(alice, "bob@demo")
        self.say(alice, evil)
        bob.wait_text(".theirs .text", evil)
        alice.wait("document.querySelector('.mine').dataset.state === 'acked'")
        self.assertEqual(alice.text(".mine .text"), evil)
        self.assertTrue(any("<img src=x" in text for text in bob.texts("#frames li")))
        for page in (alice, bob):
            self.assertEqual(page.evaluate("document.querySelectorAll('main img, main b, ol img, script').length"), 4)
            self.assertIsNone(page.evaluate("window.pwned"))


if __name__ == "__main__":
    if browser.find() is None:
        print("no browser is installed: scripts/packages names one")
        sys.exit(77)
    unittest.main()

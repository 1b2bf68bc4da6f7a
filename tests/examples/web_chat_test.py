#!/usr/bin/env python3
"""examples/web-chat in a real browser against the real server: what people see when they use it by mouse and keyboard.

Skipped (exit code 77) when no browser is installed. The server's program is $SARA_TEST_BINARY."""
import subprocess
import sys
import tempfile
import unittest

import browser
from loopback_http import Backend, web_server
from web_person import FOLDER, PAGE, WebCase


class WebChat(WebCase):
    def test_a_message_arrives_and_its_sender_sees_the_ack(self):
        alice, bob = self.online("alice@demo/desk"), self.online("bob@demo/phone")
        self.talk_to(alice, "bob@demo")
        self.say(alice, "hello bob, 你好")
        bob.wait_text(".theirs .text", "hello bob, 你好")
        self.assertEqual(bob.text(".theirs .from"), "alice@demo")
        self.assertEqual(bob.text("#with"), "alice@demo")
        self.mark(alice, "acked")
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
        self.beaten(bob)  # the acknowledgement of the batch is behind the server's door
        bob.click("#logout")
        bob.wait_text("#state", "offline")
        again = self.online("bob@demo")
        self.beaten(again)
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
        self.mark(alice, "acked")
        self.assertEqual(alice.text(".mine .text"), evil)
        self.assertTrue(any("<img src=x" in text for text in bob.texts("#frames li")))
        for page in (alice, bob):
            self.assertEqual(page.evaluate("document.querySelectorAll('main img, main b, ol img, script').length"), 4)
            self.assertIsNone(page.evaluate("window.pwned"))

    def test_a_message_written_while_the_server_is_down_leaves_when_it_is_back(self):
        alice, bob = self.online("alice@demo"), self.online("bob@demo")
        self.talk_to(alice, "bob@demo")
        self.say(alice, "before")
        self.mark(alice, "acked")
        self.server.kill()
        for page in (alice, bob):
            page.wait("document.getElementById('state').dataset.state === 'waiting'")
        self.assertRegex(alice.text("#state"), r"^connection lost \(closed 1006\), next try in \d+ s$")
        self.say(alice, "meanwhile")
        self.mark(alice, "waiting")
        self.assertEqual(alice.text("#n-waiting"), "1")
        self.server.start(port=self.server.port)
        self.mark(alice, "acked")
        bob.wait("document.querySelectorAll('.theirs').length === 2")
        self.assertEqual(bob.texts(".theirs .text"), ["before", "meanwhile"])
        for page in (alice, bob):
            page.complaints = [text for text in page.complaints if "ERR_CONNECTION_REFUSED" not in text]

    def test_a_refused_message_says_why_and_can_be_sent_again(self):
        alice = self.online("alice@demo")
        self.talk_to(alice, "no address")
        self.say(alice, "x")
        self.mark(alice, "failed")
        self.assertIn("refused: not an address", alice.text(".mine .mark"))
        self.assertEqual(alice.text("#banner"), "The server says: not an address")
        self.assertEqual(alice.text("#n-failed"), "1")
        alice.click(".mine .again")
        alice.wait_text("#n-failed", "2")
        self.assertEqual(len(alice.texts(".mine")), 1)
        self.talk_to(alice, "nobody-asked", group=True)  # without a back end there are no groups
        self.say(alice, "y")
        self.mark(alice, "failed")
        self.assertEqual(alice.text("#banner"), "The server says: no such group")
        self.assertEqual(alice.text("#state"), "online")

    def test_an_address_that_the_server_refuses_is_not_tried_again(self):
        alice = self.page("alice")
        alice.click("#login")
        alice.wait_text("#state", "login refused: not an address")
        self.assertEqual(alice.text("#banner"), "The server refused the login: not an address")
        alice.fill("#jid", "alice@demo")
        alice.press("Enter")
        alice.wait_text("#state", "online")
        self.assertEqual(alice.evaluate("document.getElementById('banner').hidden"), True)

    def test_everything_can_be_done_with_the_keyboard(self):
        bob = self.online("bob@demo")
        alice = self.page("alice@demo")
        alice.press("Enter")  # in a field of the form
        alice.wait_text("#state", "online")
        order = []
        alice.evaluate("document.activeElement.blur()")
        for _ in range(20):
            alice.press("Tab")
            order.append(alice.evaluate("document.activeElement.id || document.activeElement.tagName"))
            if order[-1] == "peer" and "kind" not in order:
                alice.type("bob@demo")
                alice.press("Enter")
                alice.wait_text("#with", "bob@demo")
                self.assertEqual(alice.evaluate("document.activeElement.id"), "text")
                alice.type("by hand")
                alice.press("Enter")
                alice.evaluate("document.getElementById('peer').focus()")
        bob.wait_text(".theirs .text", "by hand")
        for name in ("logout", "language", "peer", "kind", "open", "text", "send", "beat", "SUMMARY"):
            self.assertIn(name, order)

    def test_it_speaks_chinese_and_remembers_it(self):
        alice = self.online("alice@demo")
        alice.click("#language")
        alice.wait_text("#state", "在线")
        self.assertEqual(alice.evaluate("document.documentElement.lang"), "zh-CN")
        words = alice.evaluate("Object.fromEntries(Object.entries(Words.all).map(([k, v]) => [k, Object.keys(v)]))")
        self.assertEqual(words["en"], words["zh-CN"])
        alice.load(PAGE)
        alice.wait_text("#login", "登录")
        self.assertEqual(alice.evaluate("document.getElementById('jid').value"), "alice@demo")
        self.assertEqual(alice.evaluate("document.getElementById('password').value"), "")

    def test_passwords_are_not_in_the_frames_on_the_screen(self):
        alice = self.online("alice@demo", password="open sesame")
        alice.click("#frames-panel summary")
        frames = alice.texts("#frames li")
        self.assertTrue(any('"type":0,"jid":"alice@demo","pwd":"***"' in text for text in frames), frames)
        self.assertFalse(any("sesame" in text for text in frames), frames)

    def test_a_long_absence_is_counted_whole_and_the_newest_are_kept_on_the_screen(self):
        alice = self.page("alice@demo")
        sent = alice.evaluate("""new Promise((resolve) => {
            const client = new EmsgClient({ url: document.getElementById('server').value, jid: 'alice@demo' });
            let acked = 0;
            client.on('acked', () => ++acked === 1000 && resolve(acked));
            for (let i = 1; i <= 1000; ++i) client.send('bob@demo', 'message ' + i);
            client.connect();
        })""")
        self.assertEqual(sent, 1000)
        bob = self.online("bob@demo")
        bob.wait_text("#n-received", "1000")
        self.assertEqual(bob.texts(".theirs .text"), [f"message {i}" for i in range(501, 1001)])
        self.assertLessEqual(len(bob.texts("#frames li")), 200)
        self.beaten(bob)

    def test_it_fits_on_a_phone(self):
        alice = self.online("alice@demo")
        alice.call("Emulation.setDeviceMetricsOverride",
                   {"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": True})
        self.talk_to(alice, "bob@" + "a-very-long-name-of-a-domain." * 4 + "org")
        self.say(alice, "a-long-word-without-any-place-to-break-it-" * 5)
        self.mark(alice, "acked")
        self.assertLessEqual(alice.evaluate("document.documentElement.scrollWidth"), 320)


class WebChatFromAServer(WebCase):
    def setUp(self):
        self.origin = self.enterContext(web_server(FOLDER))
        self.conf = {"plugins": {"transport-ws": {"origins": self.origin}}}
        super().setUp()

    def test_only_pages_of_the_listed_origins_may_connect(self):
        alice = self.online("alice@demo", address=self.origin + "/index.html")
        stranger = self.page("bob@demo")  # from a file: its origin is null
        stranger.click("#login")
        stranger.wait("document.getElementById('state').dataset.state === 'waiting'")
        self.assertIn("403", " ".join(stranger.complaints))
        stranger.complaints = []
        stranger.click("#logout")
        self.talk_to(alice, "bob@demo")
        self.say(alice, "served")
        self.mark(alice, "acked")


class WebChatInTls(WebCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(dir=self.folder))
        key, certificate = folder + "/server.key", folder + "/server.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        self.conf = {"enable_wss": True, "wssport": 0, "certfile": certificate, "keyfile": key}
        super().setUp()

    def test_wss_works_and_a_certificate_that_nobody_signed_is_refused_by_the_browser(self):
        self.server.address = self.server.secure_address
        alice = self.page("alice@demo")
        alice.click("#login")
        alice.wait("document.getElementById('state').dataset.state === 'waiting'")
        self.assertIn("ERR_CERT_AUTHORITY_INVALID", " ".join(alice.complaints))
        alice.complaints = []
        alice.click("#logout")
        bob = self.page("bob@demo")
        bob.call("Security.setIgnoreCertificateErrors", {"ignore": True})
        bob.click("#login")
        bob.wait_text("#state", "online")
        self.beaten(bob)
        self.talk_to(bob, "bob@demo")
        self.say(bob, "to myself, in TLS")
        bob.wait_text(".theirs .text", "to myself, in TLS")
        self.mark(bob, "acked")


class WebChatWithABackEnd(WebCase):
    def setUp(self):
        self.backend = Backend({"alice": "a-secret", "bob": "b-secret", "carol": "c-secret", "dave": "d-secret"},
                               {"team": ["alice", "bob@demo", "carol"]})
        self.addCleanup(self.backend.close)
        self.conf = {"callback": self.backend.address, "enable_auth": True}
        super().setUp()

    def test_a_group_message_reaches_each_member_and_its_sender_sees_the_ack(self):
        alice = self.online("alice@demo/desk", password="a-secret")
        bob = self.online("bob@demo", password="b-secret")
        dave = self.online("dave@demo", password="d-secret")
        self.talk_to(alice, "team", group=True)
        self.say(alice, "hello team")
        self.mark(alice, "acked")  # also for carol, who is away
        bob.wait_text(".theirs .text", "hello team")
        self.assertEqual([bob.text(".theirs .from"), bob.text("#with"), bob.text("#n-group")],
                         ["alice@demo", "team", "1"])
        self.say(bob, "hello alice")  # answers where it came from: in the group
        self.mark(bob, "acked")
        alice.wait_text(".theirs .text", "hello alice")
        self.assertEqual(alice.texts("#conversations button"), ["# team"])
        carol = self.online("carol@demo", password="c-secret")
        carol.wait_text("#n-offline", "2")
        self.assertEqual(carol.texts(".theirs .text"), ["hello team", "hello alice"])
        self.talk_to(dave, "team", group=True)
        self.say(dave, "let me in")
        self.mark(dave, "failed")
        self.assertEqual(dave.text("#banner"), "The server says: not allowed")
        for page in (alice, bob, carol):
            self.beaten(page)
            self.assertEqual(page.texts(".theirs .text").count("let me in"), 0)
        self.assertEqual(self.backend.asked("get_user_list"), [{"gid": "team"}])  # once: the rest came from the cache

    def test_a_wrong_password_is_told_and_not_tried_again(self):
        alice = self.online("alice@demo", password="a-secret")
        thief = self.page("alice@demo", password="guess")
        thief.click("#login")
        thief.wait_text("#state", "login refused: wrong password")
        self.beaten(alice)  # and was not thrown out
        self.assertEqual(alice.text("#state"), "online")
        self.assertEqual([one["token"] for one in self.backend.asked("auth")], ["a-secret", "guess"])
        thief.fill("#jid", "bob@demo")
        thief.fill("#password", "b-secret")
        thief.press("Enter")
        thief.wait_text("#state", "online")


if __name__ == "__main__":
    if browser.find() is None:
        print("no browser is installed: scripts/packages names one")
        sys.exit(77)
    unittest.main()

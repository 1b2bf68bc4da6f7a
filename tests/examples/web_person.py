"""People on the page of examples/web-chat: opens it, fills in its fields, presses its buttons. Decides that each test
has a server of its own, that nobody's console has anything in it, and that the server ends in order; refuses to
reach behind the page."""
import pathlib
import tempfile
import unittest

import browser
from sara_server import SaraServer

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "web-chat"
PAGE = (FOLDER / "index.html").as_uri()


class BrowserCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sara-web-"))
        cls.browser = browser.Browser(cls.folder)
        cls.addClassCleanup(cls.browser.close)


class WebCase(BrowserCase):
    conf = {}

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(dir=self.folder))
        self.server = SaraServer(folder, **self.conf)
        self.addCleanup(self.end_server)
        self.pages = []

    def end_server(self):
        self.assertEqual(self.server.stop(), 0, self.server.output())  # not 0 also when a sanitizer has complained

    def tearDown(self):
        for page in self.pages:
            self.assertEqual(page.complaints, [], "what the page wrote to the console")

    def page(self, jid, password="", heartbeat_s="50", address=PAGE):
        """Somebody who has opened the page and filled in the form."""
        page = self.browser.page(address)
        self.addCleanup(page.close)
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
        page.evaluate("document.getElementById('kind').focus()")  # a click would open a menu of the system
        if group != (page.evaluate("document.getElementById('kind').value") == "group"):
            page.press("ArrowDown" if group else "ArrowUp")
        page.click("#open")
        page.wait_text("#with", name)

    def say(self, page, text):
        page.fill("#text", text)
        page.click("#send")
        page.wait("document.getElementById('text').value === ''")

    def mark(self, page, state):
        """Waits until the last message of this page's person is in this state: waiting, acked or failed."""
        page.wait(f"[...document.querySelectorAll('ol:not([hidden]) > .mine')].pop().dataset.state === '{state}'")

    def beaten(self, page):
        """A heartbeat and its answer: what was sent before has been read by the server, what it wrote has come."""
        answers = int(page.text("#n-answers"))
        page.click("#beat")
        page.wait_text("#n-answers", str(answers + 1))

"""A headless Chromium, driven through the DevTools protocol over two pipes, and its pages.

Decides that a page is used as a person uses it (mouse, keyboard, what can be seen), that every wait has a deadline,
and that no browser stays behind: it ends by itself when its pipe closes, whatever happens to the test. Refuses to
load anything but the address it is given."""
import fcntl
import json
import os
import select
import shutil
import signal
import time

PATIENCE_S = 20.0
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--remote-debugging-pipe", "--disable-gpu",
    # It loads files of this repository only; its sandbox needs rights that root in a container does not have.
    "--no-sandbox",
    "--disable-dev-shm-usage",  # /dev/shm of a container has 64 MB
    "--no-first-run", "--no-proxy-server", "--mute-audio", "--disable-extensions", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-breakpad",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--lang=en-US",
)
KEYS = {"Enter": ("\r", 13), "ArrowDown": ("", 40), "ArrowUp": ("", 38), "Tab": ("", 9), " ": (" ", 32)}


def find():
    """The path of a browser: $SARA_TEST_BROWSER or what is installed; None when there is none."""
    given = os.environ.get("SARA_TEST_BROWSER")
    return given or next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    def __init__(self, folder):
        self._next = 0
        self._answers = {}
        self._pages = {}
        self._buffer = b""
        commands_out, self._write = os.pipe()
        self._read, answers_in = os.pipe()
        self._log = os.path.join(folder, "browser.log")
        profile = os.path.join(folder, "browser")
        environment = dict(os.environ, HOME=profile, XDG_CONFIG_HOME=profile, XDG_CACHE_HOME=profile)
        # The browser reads commands from 3 and writes answers to 4; copies far above those cannot be in the way.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in (commands_out, answers_in)]
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                   (os.POSIX_SPAWN_DUP2, 1, 2),
                   (os.POSIX_SPAWN_DUP2, high[0], 3), (os.POSIX_SPAWN_DUP2, high[1], 4)]
        path = find()
        self.pid = os.posix_spawn(path, [path, *FLAGS, "--user-data-dir=" + profile], environment,
                                  file_actions=actions, setpgroup=0)
        for fd in (commands_out, answers_in, *high):
            os.close(fd)
        self._ended = False

    def page(self, address):
        """A new page with cookies and storage of its own. Returns when its scripts have run."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session, context)
        self._pages[session] = page
        for domain in ("Page", "Runtime", "Log"):
            page.call(domain + ".enable")
        page.load(address)
        return page

    def call(self, method, params=None, session=None, wait_s=PATIENCE_S):
        """Sends a command and returns its result. AssertionError with the browser's words when it refuses."""
        self._next += 1
        command = {"id": self._next, "method": method, "params": params or {}}
        if session:
            command["sessionId"] = session
        self._send(json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + wait_s
        while command["id"] not in self._answers:
            self._take(deadline, method)
        answer = self._answers.pop(command["id"])
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _send(self, data):
        while data:
            data = data[os.write(self._write, data):]

    def _take(self, deadline, waiting_for):
        readable, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, f"no answer to {waiting_for}\n{self.log()}"
        data = os.read(self._read, 1 << 16)
        assert data, f"the browser has ended, at {waiting_for}\n{self.log()}"
        *messages, self._buffer = (self._buffer + data).split(b"\0")
        for text in messages:
            message = json.loads(text)
            if "id" in message:
                self._answers[message["id"]] = message
            elif message.get("sessionId") in self._pages:
                self._pages[message["sessionId"]].event(message["method"], message["params"])

    def log(self):
        with open(self._log, errors="replace") as file:
            return file.read()[-4000:]

    def close(self):
        """Ends the browser and waits until it and its children are gone."""
        if self._ended:
            return
        self._ended = True
        try:
            self._send(b'{"id":0,"method":"Browser.close"}\0')
        except OSError:
            pass  # it is gone already
        os.close(self._write)
        deadline = time.monotonic() + 5
        gone = False
        while not gone and time.monotonic() < deadline:
            gone = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
            time.sleep(0.01)
        try:
            os.killpg(self.pid, signal.SIGKILL)  # its own group: what it has left behind, or all of it
        except ProcessLookupError:
            pass
        if not gone:
            os.waitpid(self.pid, 0)
        os.close(self._read)


class Page:
    def __init__(self, browser, session, context):
        self._browser = browser
        self._session = session
        self._context = context
        self.complaints = []  # exceptions, errors in the console, refusals of the content security policy

    def close(self):
        self._browser.call("Target.disposeBrowserContext", {"browserContextId": self._context})

    def call(self, method, params=None):
        return self._browser.call(method, params, self._session)

    def event(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.complaints.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))

    def load(self, address):
        answer = self.call("Page.navigate", {"url": address})
        assert "errorText" not in answer, f"{address}: {answer['errorText']}"
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression):
        """The value of an expression; of a promise, what it resolves to."""
        answer = self.call("Runtime.evaluate",
                           {"expression": expression, "returnByValue": True, "awaitPromise": True})
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def wait(self, expression, wait_s=PATIENCE_S):
        """Waits until the expression is true on the page; shows the page's text when it does not become so."""
        deadline = time.monotonic() + wait_s
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, f"never true: {expression}\n{self.complaints}\nthe page says:\n" + \
                self.evaluate("document.body.innerText")
            time.sleep(0.02)

    def text(self, selector):
        """What a person reads in the first element that matches; None when there is none."""
        return self.evaluate(f"(document.querySelector({json.dumps(selector)}) || {{innerText: null}}).innerText")

    def texts(self, selector):
        return self.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.innerText)")

    def wait_text(self, selector, text):
        self.wait(f"(document.querySelector({json.dumps(selector)}) || {{}}).innerText === {json.dumps(text)}")

    def click(self, selector):
        """Presses the mouse in the middle of the element, which must be there, enabled, seen, and on top."""
        self.wait(f"""(() => {{
            const e = document.querySelector({json.dumps(selector)});
            if (!e || e.disabled) return false;
            e.scrollIntoView({{block: 'center', behavior: 'instant'}});
            const r = e.getBoundingClientRect();
            const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
            return r.width > 0 && (e === top || e.contains(top));
        }})()""")
        x, y = self.evaluate(f"""(() => {{
            const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2];
        }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1})

    def fill(self, selector, text):
        """Clicks into the field and types over what stands in it."""
        self.click(selector)
        self.evaluate("document.activeElement.select()")
        self.type(text)

    def type(self, text):
        self.call("Input.insertText", {"text": text})

    def press(self, key):
        text, code = KEYS[key]
        params = {"key": key, "code": {" ": "Space"}.get(key, key), "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **params} if text else
                  {"type": "rawKeyDown", **params})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **params})

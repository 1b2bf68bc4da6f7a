"""The real server as a child process for tests of examples. Decides its conf (loopback, free ports, a folder of its
own); refuses to leave it behind: the kernel kills it when the test dies."""
import json
import os
import re
import signal
import subprocess
import time

PATIENCE_S = 30.0


class SaraServer:
    def __init__(self, folder, **conf):
        self._output = os.path.join(folder, "sara.out")
        self._path = os.path.join(folder, "conf.json")
        self._conf = {
            "bind": "127.0.0.1", "port": 0, "rpcport": 0, "enable_ws": True, "enable_wss": False, "enable_tls": False,
            "nodeid": "n01", "store": "embedded", "datadir": os.path.join(folder, "data"),
            "pidfile": os.path.join(folder, "sara.pid"), "logfile": os.path.join(folder, "sara.log"), **conf}
        self._process = None
        self.start()

    def start(self, port=0):
        """Starts the server and reads from its ready line where it listens. port: for WebSocket, 0 for a free one."""
        with open(self._path, "w") as file:
            json.dump({**self._conf, "wsport": port}, file)
        command = ["setpriv", "--pdeathsig", "KILL", os.environ["SARA_TEST_BINARY"], "-c", self._path]
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            ready = re.search(r"ready.*\bws [\d.]+:(\d+).*\n", self.output())
            if ready:
                break
            assert self._process.poll() is None and time.monotonic() < deadline, "not ready:\n" + self.output()
            time.sleep(0.02)
        self.port = int(ready.group(1))
        self.address = f"ws://127.0.0.1:{self.port}/"
        secure = re.search(r"\bwss [\d.]+:(\d+)", ready.group(0))
        self.secure_address = secure and f"wss://127.0.0.1:{secure.group(1)}/"

    def output(self):
        with open(self._output, errors="replace") as file:
            return file.read()

    def kill(self):
        self._process.kill()
        self._process.wait()

    def stop(self):
        """SIGTERM; returns the exit code. A server that does not end in time is killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

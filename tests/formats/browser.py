"""Chromium without a window, driven by ChromeDriver (W3C WebDriver), so that no package is needed."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
KEYS = {"Enter": "\ue007", "ArrowLeft": "\ue012", "ArrowDown": "\ue015", "ArrowUp": "\ue013", "Tab": "\ue004"}


def missing():
    """What is not installed, or None."""
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            return program
    return None


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Browser:
    def __init__(self):
        self.files = tempfile.mkdtemp()  # all that the browser leaves
        port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env={**os.environ, "TMPDIR": self.files})
        self.address = f"http://127.0.0.1:{port}/session"
        self.wait_for_driver()
        options = {"binary": shutil.which("chromium"), "args": [*FLAGS, f"--user-data-dir={self.files}/profile"]}
        session = self.ask("POST", "", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.address += "/" + session["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.remove_files()

    def remove_files(self):
        for _ in range(100):
            shutil.rmtree(self.files, ignore_errors=True)
            if not os.path.exists(self.files):
                return
            time.sleep(0.1)  # until the browser's last process has ended

    def wait_for_driver(self):
        status = self.address.replace("/session", "/status")
        for _ in range(600):
            try:
                urllib.request.urlopen(status, timeout=10).close()
                return
            except OSError:
                time.sleep(0.1)  # until it listens
        raise RuntimeError("chromedriver does not answer")

    def ask(self, method, path, body=None):
        data = None if method == "GET" or method == "DELETE" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        self.ask("POST", "/url", {"url": "about:blank"})
        self.ask("POST", "/url", {"url": address})

    def run(self, script, *arguments):
        """What the function body @script returns."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def wait_for(self, selector, texts):
        """Are these the texts, at once or soon?"""
        for _ in range(100):
            if self.texts(selector) == texts:
                return True
            time.sleep(0.05)  # until the page has handled its events
        return False

    def type(self, *keys):
        actions = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def resize(self, width, height):
        self.ask("POST", "/window/rect", {"width": width, "height": height})

    def messages(self):
        """What the console has been told since the last call."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

#!/usr/bin/env python3
"""Opens pages of documentation built by DocC in a browser, and takes a screenshot of each.

    doc_pictures.py BROWSER FOLDER PICTURES PAGE…    PAGE as documentation/pilotlight; PICTURES is a folder

The folder is served on this machine meanwhile. It is a fault if the browser requests a missing file, if a page does not show the
title in its data, or if a screenshot has only one colour. Prints one line for each fault; exit 1 if there are any.
"""

import functools
import http.server
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import zlib

# DocC requests a site's custom theme, which is optional.
OPTIONAL = {"/theme-settings.json", "/favicon.ico"}
SECONDS = 60


class Server(http.server.ThreadingHTTPServer):
    """Serves the folder, and records requests for missing files."""

    def __init__(self, folder):
        self.missing = set()
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.SimpleHTTPRequestHandler):
    def send_error(self, code, *words):
        if self.path not in OPTIONAL:
            self.server.missing.add(f"{self.path}: {code}")
        super().send_error(code, *words)

    def log_message(self, *words):
        pass


def browse(browser, *words):
    """The browser's output. Its profile is a temporary folder. As root it runs only without its sandbox, which is safe because it opens only our pages."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}",
             "--window-size=1280,1600", "--virtual-time-budget=20000", *words],
            capture_output=True, text=True, check=False, timeout=SECONDS)
    return done.stdout if done.returncode == 0 else f"the browser ended with {done.returncode}: {done.stderr[-500:]}"


def title_of(folder, page):
    return json.loads((folder / "data" / f"{page}.json").read_text(encoding="utf-8"))["metadata"]["title"]


def colours(picture):
    """How many different bytes there are in the lines of a PNG: few if it shows nothing."""
    packed, at = b"", 8
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        if picture[at + 4:at + 8] == b"IDAT":
            packed += picture[at + 8:at + 8 + length]
        at += 12 + length
    return len(set(zlib.decompress(packed)))


def page_faults(browser, folder, pictures, page, server):
    title, url = title_of(folder, page), f"{server.address}/{page}/"
    picture = (pictures / f"{page.rsplit('/', 1)[-1]}.png").resolve()
    shown = browse(browser, "--dump-dom", url)
    if title not in shown.split("<body", 1)[-1]:
        yield f"{page}: the browser does not show \"{title}\": {shown[:200]}"
    browse(browser, f"--screenshot={picture}", url)
    if not picture.is_file():
        yield f"{page}: there is no picture"
    elif colours(picture.read_bytes()) < 32:
        yield f"{page}: the picture shows nothing"


def faults(browser, folder, pictures, pages):
    server = Server(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for page in pages:
            if not (folder / "data" / f"{page}.json").is_file():
                yield f"{page}: there is no such page"
            else:
                yield from page_faults(browser, folder, pictures, page, server)
        yield from (f"not there: {missing}" for missing in sorted(server.missing))
    finally:
        server.shutdown()
        server.server_close()


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    browser, folder, pictures, *pages = sys.argv[1:]
    pathlib.Path(pictures).mkdir(parents=True, exist_ok=True)
    found = list(faults(browser, pathlib.Path(folder), pathlib.Path(pictures), pages))
    for fault in found:
        print(fault)
    if not found:
        print(f"{len(pages)} pages are shown: {pictures}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

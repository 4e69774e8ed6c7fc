#!/usr/bin/env python3
"""Finds broken links.

    links.py markdown              links between the checkout's own Markdown files, and to its other files
    links.py pages FOLDER [BASE]   links inside documentation built by DocC, to be served below /BASE

Links to other hosts are not followed. Prints one line for each broken link; exit 1 if there are any.
"""

import json
import pathlib
import re
import subprocess
import sys
import urllib.parse
from html.parser import HTMLParser

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


# --- Markdown -----------------------------------------------------------------------------------------------------------
def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def anchors(text):
    """The anchors that GitHub gives to headings."""
    found = set()
    for heading in re.findall(r"^#+ +(.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), flags=re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-"))
    return found


def markdown_faults(root, files):
    for name in files:
        text = (root / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)) + re.findall(r'(?:src|srcset|href)="([^"]+)"', without_code(text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = urllib.parse.unquote(target).partition("#")
            there = ((root / name).parent / path).resolve() if path else root / name
            if not there.exists():
                yield f"{name}: {target} is not there"
            elif anchor and there.suffix == ".md" and anchor not in anchors(there.read_text(encoding="utf-8")):
                yield f"{name}: {target}: no such heading"


def markdown_files(root):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=root, check=True, capture_output=True, text=True)
    # DocC's own links are checked by DocC.
    return [name for name in sorted(set(listed.stdout.split("\n"))) if name and ".docc/" not in name and (root / name).exists()]


# --- Pages --------------------------------------------------------------------------------------------------------------
class Addresses(HTMLParser):
    """Collects the URLs that a page loads and links to."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("href", "src") and value]


def urls_in(value):
    """Every URL that a page's data names."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("url", "overridingTitleURL") and isinstance(inner, str):
                yield inner
            else:
                yield from urls_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from urls_in(inner)


def without_chapters(page):
    """The data without the URLs of the chapters in a table of contents: DocC writes these, but makes no pages for them."""
    chapters = {chapter.get("reference") for chapter in (page.get("hierarchy") or {}).get("modules", [])}
    references = {name: value for name, value in page.get("references", {}).items() if name not in chapters}
    return {**page, "references": references}


def is_there(folder, path):
    path = path.strip("/")
    if path.startswith(("documentation", "tutorials")):
        return (folder / path / "index.html").is_file() and (folder / "data" / f"{path}.json").is_file()
    return (folder / path).is_file() or (folder / path / "index.html").is_file()


def page_faults(folder, base):
    prefix = f"/{base}/" if base else "/"
    pages = {}
    for data in sorted((folder / "data").rglob("*.json")):
        # The data names pages and images without the base; the page's script adds it.
        pages[data] = ["/" + url.lstrip("/") for url in urls_in(without_chapters(json.loads(data.read_text(encoding="utf-8"))))
                       if not re.match(r"[a-z]+:", url) and not url.startswith("#")]
    for page in sorted(folder.rglob("index.html")):
        parser = Addresses()
        parser.feed(page.read_text(encoding="utf-8"))
        pages[page] = []
        for url in parser.found:
            if re.match(r"[a-z]+:", url) or url.startswith("#"):
                continue
            if not url.startswith(prefix):
                yield f"{page.relative_to(folder)}: {url} is not below {prefix}"
            else:
                pages[page].append("/" + url[len(prefix):])
    if not any(page.suffix == ".json" for page in pages):
        yield f"{folder} has no pages"
    for page, urls in pages.items():
        for url in sorted(set(urls)):
            path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
            if not is_there(folder, path.lower() if path.startswith(("/documentation", "/tutorials")) else path):
                yield f"{page.relative_to(folder)}: {url} is not there"


def main():
    if sys.argv[1:] == ["markdown"]:
        faults = list(markdown_faults(CHECKOUT, markdown_files(CHECKOUT)))
    elif len(sys.argv) in (3, 4) and sys.argv[1] == "pages":
        faults = list(page_faults(pathlib.Path(sys.argv[2]), sys.argv[3] if len(sys.argv) == 4 else ""))
    else:
        sys.exit(__doc__)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Draws the sample's icon, a pilot flame, in the light, dark and tinted variants that the asset catalogue needs.

    app_icon.py FOLDER.appiconset

The outline is stated here, so that the icon can be changed without a drawing program. Apple: "Configuring your app icon using an
asset catalog", one image of 1024 pixels for each appearance.
"""

import pathlib
import struct
import sys
import zlib

SIDE = 1024  # pixels; the outlines are in these too
ROWS = 4  # samples of a pixel's height; its width is exact

# Closed outlines of cubic Bézier curves: where they begin, then control, control, end.
OUTER = ((500, 132), (532, 268, 604, 338, 662, 424), (714, 500, 748, 574, 748, 652), (748, 792, 646, 892, 512, 892),
         (378, 892, 276, 792, 276, 652), (276, 560, 318, 488, 364, 428), (382, 478, 402, 508, 436, 526),
         (424, 388, 440, 244, 500, 132))
INNER = ((520, 500), (532, 566, 566, 600, 594, 644), (614, 676, 624, 704, 624, 736), (624, 806, 574, 852, 512, 852),
         (450, 852, 400, 806, 400, 736), (400, 690, 420, 656, 444, 624), (456, 652, 466, 664, 484, 672),
         (482, 612, 492, 552, 520, 500))

# For each image: the gradients from top to bottom of the ground, of the flame and of its core.
LOOKS = {
    "AppIcon.png": (("0a4f9e", "062a5c"), ("8fd3ff", "2f8bea"), ("fff3c9", "ffb84d")),
    "AppIcon-Dark.png": (("10161f", "05070b"), ("7cc4f7", "1f6fc9"), ("ffeebb", "f5a53a")),
    "AppIcon-Tinted.png": (("1c1c1c", "000000"), ("c4c4c4", "7a7a7a"), ("ffffff", "d8d8d8")),
}


def colour(text):
    return tuple(int(text[at:at + 2], 16) for at in (0, 2, 4))


def polygon(outline, steps=64):
    """The corners of a polygon that approximates the curves closely enough."""
    start, *curves = outline
    corners = [start]
    for ax, ay, bx, by, cx, cy in curves:
        (x, y), before = corners[-1], corners[-1]
        for step in range(1, steps + 1):
            t = step / steps
            s = 1 - t
            x, y = (s**3 * p + 3 * s * s * t * a + 3 * s * t * t * b + t**3 * c for p, a, b, c in
                    ((before[0], ax, bx, cx), (before[1], ay, by, cy)))
            corners.append((x, y))
    return corners


def crossings(corners, y):
    """Where the polygon's edges cross a row, from left to right."""
    found = []
    for (x1, y1), (x2, y2) in zip(corners, corners[1:]):
        if (y1 <= y) != (y2 <= y):
            found.append(x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return sorted(found)


def coverage(corners, row):
    """How much of each pixel of a row the polygon covers, from 0 to 1."""
    covered = [0.0] * SIDE
    for sample in range(ROWS):
        found = crossings(corners, row + (sample + 0.5) / ROWS)
        for left, right in zip(found[::2], found[1::2]):
            for pixel in range(max(0, int(left)), min(SIDE, int(right) + 1)):
                covered[pixel] += max(0.0, min(right, pixel + 1) - max(left, pixel)) / ROWS
    return covered


def drawn(look):
    """The rows of an image: a byte each for red, green and blue, without transparency, which an icon may not have."""
    grounds = [tuple(colour(text) for text in pair) for pair in look]
    shapes = [polygon(OUTER), polygon(INNER)]
    spans = [(0, SIDE)] + [(min(y for _, y in shape), max(y for _, y in shape)) for shape in shapes]

    def shade(layer, row):
        top, bottom = spans[layer]
        part = min(1.0, max(0.0, (row - top) / (bottom - top)))
        return [a + (b - a) * part for a, b in zip(*grounds[layer])]

    for row in range(SIDE):
        line = [shade(0, row)] * SIDE
        for layer, shape in enumerate(shapes, 1):
            over = shade(layer, row)
            for pixel, part in enumerate(coverage(shape, row)):
                if part:
                    line[pixel] = [under + (top - under) * part for under, top in zip(line[pixel], over)]
        yield bytes(round(value) for pixel in line for value in pixel)


def png(rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"sRGB", b"\0") + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, look in LOOKS.items():
        (pathlib.Path(sys.argv[1]) / name).write_bytes(png(drawn(look)))


if __name__ == "__main__":
    main()

"""A drawing as SVG text: boxes, lines and text, in colours that follow the reader's light or dark appearance."""

from xml.sax.saxutils import escape

FONT = "-apple-system, 'Helvetica Neue', Helvetica, Arial, sans-serif"

# Name: (light, dark). The first three are for series; they differ in lightness too, for readers who see few colours.
COLOURS = {
    "own": ("#0b62c4", "#5aa9ff"),
    "other": ("#9aa4b2", "#77818f"),
    "third": ("#c98b1b", "#e6b04d"),
    "bad": ("#b3261e", "#ff8a80"),
    "ink": ("#1f2328", "#e6edf3"),
    "faint": ("#59636e", "#9da7b3"),
    "line": ("#c9d1d9", "#3d444d"),
    "paper": ("#ffffff", "#161b22"),
    "tint": ("#eef4fb", "#1c2a3d"),
}


class Drawing:
    """Shapes in the order in which they are drawn. Coordinates are pixels from the upper left corner."""

    def __init__(self, width, title, description):
        self.width = width
        self.height = 0
        self.title = title
        self.description = description
        self.shapes = []

    def add(self, shape, bottom):
        self.shapes.append(shape)
        self.height = max(self.height, bottom)

    def text(self, x, y, words, css="ink", size=13, anchor="start", bold=False):
        weight = ' font-weight="600"' if bold else ""
        self.add(f'<text class="{css}" x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}"{weight}>{escape(words)}</text>', y + 6)

    def bar(self, x, y, width, height, css):
        self.add(f'<rect class="{css}" x="{x:g}" y="{y:g}" width="{max(width, 1):.4g}" height="{height:g}" rx="2"/>', y + height)

    def box(self, x, y, width, height, css="box"):
        self.add(f'<rect class="{css}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>', y + height)

    def line(self, x1, y1, x2, y2, css="rule", arrow=False):
        end = ' marker-end="url(#arrow)"' if arrow else ""
        self.add(f'<line class="{css}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"{end}/>', max(y1, y2))

    def path(self, points, css="rule", arrow=False):
        end = ' marker-end="url(#arrow)"' if arrow else ""
        drawn = " ".join(f"{'M' if index == 0 else 'L'}{x:g} {y:g}" for index, (x, y) in enumerate(points))
        self.add(f'<path class="{css}" d="{drawn}"{end}/>', max(y for _, y in points))

    def __str__(self):
        height = self.height + 12
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{height:g}" viewBox="0 0 {self.width} {height:g}" role="img" font-family="{FONT}">'
        words = f"<title>{escape(self.title)}</title>\n<desc>{escape(self.description)}</desc>"
        arrow = ('<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">'
                 '<path class="ink" d="M0 0L8 4L0 8z"/></marker></defs>')
        paper = f'<rect class="paper" width="{self.width}" height="{height:g}"/>'
        return "\n".join([head, words, f"<style>{styles()}</style>", arrow, paper, *self.shapes, "</svg>", ""])


def styles():
    def rules(which):
        fills = " ".join(f".{name}{{fill:{pair[which]}}}" for name, pair in COLOURS.items())
        ink, line, tint = COLOURS["ink"][which], COLOURS["line"][which], COLOURS["tint"][which]
        return (f"{fills} .rule{{stroke:{line};fill:none}} .flow{{stroke:{ink};fill:none}} .answer{{stroke:{ink};fill:none;stroke-dasharray:5 3}} "
                f".box{{fill:{tint};stroke:{line}}}")

    return f"{rules(0)} @media (prefers-color-scheme: dark){{{rules(1)}}}"

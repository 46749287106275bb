"""What matplotlib draws as an inline SVG of a page: without ids, styles or addresses, coloured by the page.

Colours are names of the base style (``c1`` to ``c8``, ``s0`` to ``s4``, ``ink``, ``soft``, ``line``, ``card``). The
drawing says ``var(--c1)``, so that it follows a page into dark mode. Every text is text, escaped, in the page's own
font. A drawing has a label and a description in words for who cannot see it. The same values give the same bytes.
Nothing of matplotlib is imported before the first drawing. Positions of texts are in units of the drawing, from its
upper left corner.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

from rad.reporting.html import UNPRINTABLE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

Ends = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
WIDTH = 360  # of every drawing, so that a phone shows it at its own size
SMALL, NORMAL = 10.0, 11.0  # sizes of letters
LONGEST = 44  # letters of a name
COLOURS = 8
NAMES = ("ink", "soft", "line", "card", *(f"c{k + 1}" for k in range(COLOURS)), *(f"s{k}" for k in range(5)))
CODES = {name: f"#{number:06x}" for number, name in enumerate(NAMES, 1)}  # matplotlib wants a number for a colour
_VARIABLES = {code: f"var(--{name})" for name, code in CODES.items()}


def short(name: str, longest: int = LONGEST) -> str:
    """A name in one line, and not too long."""
    name = " ".join(UNPRINTABLE.sub("\ufffd", name).split())
    return name if len(name) <= longest else name[: longest - 1] + "…"


class Drawing:
    """A figure with its axes. ``words`` describe it; ``svg`` is there once it is finished."""

    def __init__(self, figure: Figure, axes: Axes, height: float) -> None:
        self.figure, self.axes, self.height = figure, axes, height
        self.tips: dict[str, str] = {}
        self.words: list[str] = []
        self.svg = Markup("")

    def position(self, x: float, y: float, transform: Transform | None = None) -> Ends:
        """Where the axes have a value, in units of the drawing."""
        u, v = (transform or self.axes.transData).transform((x, y))
        return float(u), self.height - float(v)

    def text(
        self, x: float, y: float, words: str, side: str = "left", shade: str = "ink", size: float = NORMAL
    ) -> None:
        """Write words with their base line at ``y``; ``side`` of them is at ``x``."""
        share = (x / WIDTH, 1 - y / self.height)
        self.figure.text(*share, short(words), ha=side, va="baseline", color=CODES[shade], size=size)

    def names(self, y: float, name: str, words: str) -> None:
        """Write a row's name at the left, and words at the right."""
        self.text(8, y, name)
        self.text(WIDTH - 8, y, words, "right", "soft", SMALL)
        self.words.append(f"{name}: {words}")

    def bar(self, row: int, left: float, width: float, shade: str, words: str = "") -> None:
        """Draw a part of a row's bar, from ``left`` on; a pointer on it shows ``words``."""
        [patch] = self.axes.barh([row + 0.7], [width], 0.38, [left], color=CODES[shade])
        if words:
            self.tip(patch, words)
            self.words.append(words)

    def dot(
        self, x: float, y: float, shade: str, marker: str, size: float, words: str, transform: Transform | None = None
    ) -> None:
        """Draw a marker at a value of the axes; a pointer on it shows ``words``."""
        transform = transform or self.axes.transData
        [dot] = self.axes.plot(
            [x], [y], marker, color=CODES[shade], ms=size, mec=CODES["card"], transform=transform, clip_on=False
        )
        self.tip(dot, words)

    def label(self, words: str, spot: Box, box: Box, shade: str) -> None:
        """Write words into a box, with a thin line from the point that they name where it is not near."""
        from matplotlib.lines import Line2D

        x, y = (spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2
        end = min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])
        if math.dist((x, y), end) > (spot[2] - spot[0]) / 2 + 8:
            across, up = [x / WIDTH, end[0] / WIDTH], [1 - y / self.height, 1 - end[1] / self.height]
            self.figure.add_artist(Line2D(across, up, color=CODES[shade], lw=0.75))
        side = "left" if box[0] >= x else "right" if box[2] <= x else "center"  # where the point is
        at = {"left": box[0], "right": box[2], "center": (box[0] + box[2]) / 2}[side]
        self.text(at, (box[1] + box[3]) / 2 + 4, words, side, shade)

    def tip(self, artist: Artist, words: str) -> None:
        """Let a pointer on the artist show words."""
        name = f"tip{len(self.tips)}"
        artist.set_gid(name)
        self.tips[name] = " ".join(UNPRINTABLE.sub("\ufffd", words).split())


@contextmanager
def blank(label: str, height: float, left: float, right: float, top: float, bottom: float) -> Iterator[Drawing]:
    """An empty drawing with margins; it is turned into its SVG at the end."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # No style of the user's; text as text, and "$" as a dollar sign. Letters that the font lacks are for the page.
    style = {**matplotlib.rcParamsDefault, "svg.fonttype": "none", "svg.hashsalt": "rad", "text.parse_math": False}
    style.pop("backend")
    with matplotlib.rc_context(style), warnings.catch_warnings(action="ignore", category=UserWarning):
        figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72, frameon=False)
        size = [left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - top - bottom) / height]
        axes = figure.add_axes((size[0], size[1], size[2], size[3]), frameon=False)
        drawing = Drawing(figure, axes, height)
        yield drawing
        raw = io.StringIO()
        FigureCanvasSVG(figure).print_svg(raw, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
        drawing.svg = _inline(raw.getvalue(), label, drawing)


def _inline(raw: str, label: str, drawing: Drawing) -> Markup:
    """An SVG file as a part of a page: no ids, styles, definitions or links, colours as the page's variables."""
    root = ElementTree.fromstring(raw)
    # ids would clash with those of other drawings on the page, so shapes are copied to where they are used
    shapes = {node.get("id"): node for node in root.iter() if node.get("id")}
    for parent in root.iter():
        parent.tag = parent.tag.rpartition("}")[2]
        parent[:] = [node for node in parent if node.tag.rpartition("}")[2] not in ("defs", "metadata")]
        parent.tail = None
        if parent.tag == "use":  # the shape of a marker, in its place
            shape = shapes[parent.attrib.pop("{http://www.w3.org/1999/xlink}href").removeprefix("#")]
            parent.tag = "path"
            parent.set("d", shape.get("d", ""))
            parent.set("transform", f"translate({parent.attrib.pop('x')} {parent.attrib.pop('y')})")
        if parent.tag not in ("text", "tspan", "title"):
            parent.text = None
        _plain(parent, drawing.tips)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib.update({"class": "plot", "role": "img", "aria-label": short(label, 200)})
    about = ElementTree.Element("desc")
    about.text = UNPRINTABLE.sub("\ufffd", "; ".join(drawing.words))
    root.insert(0, about)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _plain(node: ElementTree.Element, tips: Mapping[str, str]) -> None:
    """Turn a node's style into attributes, and its id into what it tells a pointer."""
    for part in filter(None, node.attrib.pop("style", "").split(";")):
        name, value = (word.strip() for word in part.split(":", 1))
        if name in ("font-family", "font-style", "font-variant", "font-stretch"):
            continue
        node.set(name, _VARIABLES.get(value, value))
    node.attrib.pop("clip-path", None)
    words = tips.get(node.attrib.pop("id", ""))
    if words:
        title = ElementTree.Element("title")
        title.text = words
        node.insert(0, title)
    for name in ("d", "transform", "x", "y"):
        if name in node.attrib:
            value = re.sub(r"rotate\(-?0 [^)]*\)", "", node.attrib[name])
            value = re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.4g}", " ".join(value.split()))
            node.attrib.update({name: value}) if value else node.attrib.pop(name)

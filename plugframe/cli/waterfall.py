"""When plugins were imported, as bars below each other."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from plugframe.overlay.timing import Cost

WIDTH = 100
_NARROWEST = 10
_MILLI = 1000


def waterfall(costs: "Sequence[Cost]", *, width: int, narrow: bool = False) -> "Table":
    """Return when the plugins were imported, a line each, in the order in which that began.

    Args:
        costs: those that were imported.
        width: the columns that there are.
        narrow: whether there are the characters of ASCII only.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in (("PLUGIN", "left"), ("MS", "right"), ("WHEN", "left")):
        table.add_column(title, justify="right" if justify == "right" else "left", no_wrap=True)
    drawn = sorted((cost for cost in costs if cost.spans), key=lambda cost: cost.spans)
    names = [", ".join(target.name for target in cost.targets) for cost in drawn]
    first = min((cost.spans[0][0] for cost in drawn), default=0.0)
    last = max((end for cost in drawn for _, end in cost.spans), default=1.0)
    room = max(_NARROWEST, width - max(map(len, names), default=0) - 14)
    for name, cost in zip(names, drawn, strict=True):
        bar = _bar(cost.spans, first, (room - 1) / (last - first or 1.0), "=" if narrow else "━")
        style = "red" if cost.state == "failed" else "green"
        table.add_row(Text(name), f"{cost.whole * _MILLI:.1f}", Text(bar, style=style))
    return table


def _bar(spans: "Sequence[tuple[float, float]]", first: float, scale: float, character: str) -> str:
    line = ""
    for begin, end in spans:
        start, stop = int((begin - first) * scale), int((end - first) * scale)
        line = line.ljust(start) + character * max(1, stop - max(start, len(line)) + 1)
    return line

"""Small change for drawing SVG by hand."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK = "#1f2937"  # text in light surroundings; a page may set another `color` on the drawing


def document(width: float, height: float, title: str, body: list[str]) -> str:
    """Return a drawing that stands alone or inside a page; text follows the page's `color`."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label={quote(title)} '
            f'color="{INK}" fill="currentColor" font-family="{SANS}">',
            *body,
            "</svg>",
        ]
    )


def quote(value: object) -> str:
    """Return a value as an attribute, quotation marks included."""
    return quoteattr(clean(value))


def clean(value: object) -> str:
    """Return a value as text that XML may carry: no control characters."""
    return "".join(c for c in str(value) if c.isprintable() or c in "\n\t")


def tag(name: str, content: str = "", **attributes: object) -> str:
    """Return an element; `content` is markup, attribute names have _ for -."""
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quote(_plain(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def text(x: float, y: float, words: str, **attributes: object) -> str:
    """Return a line of plain text at a place."""
    return tag("text", escape(clean(words)), x=x, y=y, **attributes)


def span(words: str, element: str = "tspan", **attributes: object) -> str:
    """Return a stretch of text for use inside a text element, or another element of words."""
    return tag(element, escape(clean(words)), **attributes)


def width_of(words: str, size: float) -> float:
    """Estimate how wide a sans-serif line is; fonts differ, so this errs on the wide side."""
    narrow = sum(c in "iljtfrI.,:;|!'()[] " for c in words)
    return size * (0.6 * (len(words) - narrow) + 0.34 * narrow)


def _plain(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value

"""A self-contained page: its frame, how it looks, and how it moves."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

GUARD = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light dark; --ink: #1f2937; --soft: #5b6575; --line: #e3e7ed;
  --paper: #f6f7f9; --card: #ffffff; --accent: #0072b2; --warn: #fff6e5; --warn-line: #e69f00;
  --well: #eaf6f1; --well-line: #009e73; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b2; --line: #2e3541;
  --paper: #14171c; --card: #1c2027; --accent: #56b4e9; --warn: #2c2616;
  --well: #16291f; --lift: brightness(1.35); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial,
  sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 16px; letter-spacing: -0.01em;
  overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 16px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 20px 24px 24px; margin-top: 20px; }
.facts { display: flex; flex-wrap: wrap; gap: 12px 36px; margin: 0; }
.facts dt { font-size: 12px; color: var(--soft); }
.facts dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
section .facts dd { font-weight: 400; }
.notes { margin: 16px 0 0; padding: 10px 16px 10px 32px; background: var(--warn);
  border-left: 3px solid var(--warn-line); border-radius: 4px; }
.wide { overflow-x: auto; }
svg { display: block; flex: none; color: var(--ink); filter: var(--lift, none); }
.flush svg { margin: -16px 0 -8px -20px; }
.samples { display: flex; flex-wrap: wrap; gap: 24px 32px; align-items: flex-start; }
figure { margin: 0; max-width: 100%; }
.large { display: block; max-width: 100%; image-rendering: pixelated; border-radius: 4px; }
.strip { flex: 1 1 280px; display: grid; gap: 6px;
  grid-template-columns: repeat(auto-fill, minmax(66px, 1fr)); max-height: 680px;
  overflow-y: auto; }
.strip button { display: block; padding: 4px 4px 1px; border: 2px solid transparent;
  border-radius: 6px; background: none; color: var(--soft);
  font: inherit; font-size: 11px; cursor: pointer; }
.strip button:hover { background: var(--paper); }
.strip button[aria-current] { border-color: var(--accent); color: var(--ink); }
.strip img { display: block; width: 100%; border-radius: 2px; }
.slider[hidden] { display: none; }
figcaption { margin-top: 10px; color: var(--soft); font-variant-numeric: tabular-nums; }
.slider { display: flex; align-items: center; gap: 12px; margin-top: 6px; }
.slider input { flex: 1; accent-color: var(--accent); }
.slider button { width: 34px; height: 30px; border: 1px solid var(--line); border-radius: 6px;
  background: var(--paper); color: var(--ink); font-size: 12px; cursor: pointer; }
details { margin-top: 20px; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
pre { overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 6px;
  padding: 14px 16px; font: 12.5px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
table { border-collapse: collapse; width: 100%; margin-bottom: 20px; }
.wide:last-child table { margin-bottom: 0; }
caption { text-align: left; font-weight: 600; padding-bottom: 6px; }
th, td { text-align: left; vertical-align: top; padding: 5px 20px 5px 0;
  border-top: 1px solid var(--line); }
th { font-weight: 400; white-space: nowrap; width: 200px; }
td:nth-child(2) { width: 200px; }
td:last-child { color: var(--soft); padding-right: 0; }
.cards th, .cards td, .cards td:nth-child(2) { width: auto; padding: 7px 24px 7px 0;
  vertical-align: middle; white-space: nowrap; font-variant-numeric: tabular-nums; }
.cards thead th { border-top: 0; color: var(--soft); font-size: 12.5px; vertical-align: bottom; }
.cards thead th:not(:first-child) { white-space: normal; }
.cards tbody th { font-weight: 600; }
.cards tr > :first-child { position: sticky; left: 0; background: var(--card); }
.cards small { display: block; font-size: 12.5px; font-weight: 400; color: var(--soft);
  white-space: normal; max-width: 320px; }
.cards td:last-child { padding-right: 0; }
.quiet { color: var(--soft); font-weight: 400; }
p.quiet { font-size: 12.5px; margin: 14px 0 0; overflow-wrap: anywhere; }
h3 { font-size: 16px; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
.run { display: flex; align-items: baseline; gap: 6px; overflow-wrap: anywhere; }
.verdict { margin: 12px 0 0; padding: 12px 18px 14px; background: var(--warn);
  border-left: 3px solid var(--warn-line); border-radius: 4px; }
.verdict:first-of-type { margin-top: 0; }
.verdict > div { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; }
.verdict h3 { font-size: 20px; }
.verdict h3::first-letter, .verdict > strong::first-letter { text-transform: uppercase; }
.verdict > strong { display: inline-block; margin-right: 8px; }
.verdict p { margin: 6px 0 0; overflow-wrap: anywhere; }
.verdict.well { background: var(--well); border-color: var(--well-line); padding: 8px 18px; }
.runs { display: grid; gap: 28px; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); }
.runs > div { min-width: 0; }
.runs .facts { gap: 4px 20px; margin: 8px 0 12px; }
.runs .large { width: 100%; }
.chips { display: flex; flex-wrap: wrap; gap: 6px; margin: 12px 0 0; padding: 0;
  list-style: none; }
.chips li { padding: 2px 10px; border-radius: 12px; font-size: 13px; background: var(--warn);
  border: 1px solid var(--warn-line); }
.chips li.well { background: var(--well); border-color: var(--well-line); }
code { font: 13px ui-monospace, 'SF Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@media (max-width: 600px) { main { padding: 20px 10px 40px; } h1 { font-size: 22px; }
  section { padding: 16px 14px 20px; }
  .cards th, .cards td, .cards td:nth-child(2) { padding-right: 14px; } }
@media print { body { background: none; } section { break-inside: avoid; }
  .slider { display: none; } .wide { overflow: visible; }
  .wide svg, .large { max-width: 100%; height: auto; }
  .verdict, .notes, .chips li { print-color-adjust: exact; } }
"""

BEHAVIOUR = """
const slider = document.querySelector('.slider');
const frames = [...document.querySelectorAll('.strip button')];
if (frames.length) {
  const bar = slider.querySelector('input'), play = slider.querySelector('button');
  const large = document.querySelector('.large'), step = document.querySelector('output');
  const show = () => {
    frames.forEach((frame, place) => frame.toggleAttribute('aria-current', place == bar.value));
    const frame = frames[bar.value];
    large.src = frame.querySelector('img').src;
    step.textContent = frame.dataset.step;
  };
  let timer = null;
  const stop = () => { clearInterval(timer); timer = null; play.textContent = '▶'; };
  const jump = place => { stop(); bar.value = place; show(); };
  bar.addEventListener('input', () => jump(bar.value));
  frames.forEach((frame, place) => frame.addEventListener('click', () => jump(place)));
  play.addEventListener('click', () => {
    if (timer) return stop();
    if (bar.value == bar.max) bar.value = 0;
    show();
    play.textContent = '❚❚';
    timer = setInterval(() => {
      bar.value = Number(bar.value) + 1;
      show();
      if (bar.value == bar.max) stop();
    }, 250);
  });
  bar.value = bar.max;  // browsers remember where a slider stood
  slider.hidden = false;
}
"""


def page(title: str, body: Sequence[str]) -> str:
    """Return a page that needs no network and no other file.

    Args:
        title: plain words.
        body: markup.
    """
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{GUARD}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
            *body,
            f"</main>\n<script>{BEHAVIOUR}</script>\n</body>\n</html>\n",
        ]
    )


def section(title: str, content: str) -> str:
    """Return markup below a heading; nothing without content."""
    return f"<section><h2>{title}</h2>\n{content}\n</section>" if content else ""


def facts(known: Mapping[str, str]) -> str:
    """Return names with their values, nothing without any."""
    pairs = [
        f"<div><dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in known.items()
    ]
    return f'<dl class="facts">{"".join(pairs)}</dl>' if pairs else ""


def source(png: bytes) -> str:
    """Return a PNG file as the address of itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def picture(png: bytes, words: str) -> str:
    """Return a PNG file as a large picture; `words` are for those who cannot see it."""
    return f'<img class="large" alt="{escape(words)}" src="{source(png)}">'

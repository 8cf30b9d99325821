"""How a report looks and moves: its style sheet and its script."""

STYLE = """
:root { color-scheme: light dark; --ink: #1f2937; --soft: #5b6575; --line: #e3e7ed;
  --paper: #f6f7f9; --card: #ffffff; --accent: #0072b2; --warn: #fff6e5; --warn-line: #e69f00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b2; --line: #2e3541;
  --paper: #14171c; --card: #1c2027; --accent: #56b4e9; --warn: #2c2616;
  --lift: brightness(1.35); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial,
  sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 16px; letter-spacing: -0.01em; }
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
.wide svg { display: block; color: var(--ink); filter: var(--lift, none); }
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
code { font: 13px ui-monospace, 'SF Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@media print { body { background: none; } section { break-inside: avoid; }
  .slider { display: none; } }
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

// Draws the codes of pictures as places: three numbers as a space that turns, two as a plane.
'use strict';
{
  const HEIGHT = 460, NEAR = 14, FAR = 3.2;  // pixels; pixels to a point; distance of the eye
  const page = document.documentElement;
  const ink = name => getComputedStyle(page).getPropertyValue(name).trim();
  const dark = () => matchMedia('(prefers-color-scheme: dark)').matches;
  const child = (parent, tag, name = '') => {
    const element = parent.appendChild(document.createElement(tag));
    element.className = name;
    return element;
  };

  // Codes with their middle at 0 and nearly all of them within 1, one scale for all axes.
  function centred(codes) {
    const ordered = codes[0].map((_, axis) => codes.map(code => code[axis]).sort((a, b) => a - b));
    const at = (values, share) => values[Math.round(share * (values.length - 1))];
    const ends = ordered.map(values => [at(values, 0.01), at(values, 0.99)]);
    const middle = ends.map(([low, high]) => (low + high) / 2);
    const size = Math.max(...ends.map(([low, high]) => (high - low) / 2)) || 1;
    return codes.map(code => code.map((value, axis) => (value - middle[axis]) / size));
  }

  function build(box) {
    const {codes, labels, names, sheet, columns, width, height} =
      JSON.parse(box.querySelector('script').textContent);
    const solid = codes[0].length === 3, points = centred(codes);
    const canvas = child(box, 'canvas'), pen = canvas.getContext('2d');
    const card = child(box, 'div', 'card'), picture = child(card, 'canvas');
    const words = child(card, 'span');
    const pictures = new Image();
    pictures.src = sheet;
    picture.width = width; picture.height = height;
    card.hidden = true;
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${codes.length} pictures at their codes`);

    let yaw = 0.6, pitch = 0.35, zoom = 1, placed = [], chosen = null, held = null, only = null;

    // Where a point is seen: across, down, how near (0 to 1).
    function seen([x, y, z = 0]) {
      const wide = canvas.clientWidth, unit = (solid ? 0.37 : 0.43) * Math.min(wide, HEIGHT) * zoom;
      if (!solid) return [wide / 2 + unit * x, HEIGHT / 2 - unit * y, 1];
      const across = Math.cos(yaw) * x + Math.sin(yaw) * z;
      const deep = Math.cos(yaw) * z - Math.sin(yaw) * x;
      const up = Math.cos(pitch) * y - Math.sin(pitch) * deep;
      const near = Math.cos(pitch) * deep + Math.sin(pitch) * y;
      const lens = FAR / Math.max(0.3, FAR - near);
      return [wide / 2 + unit * lens * across, HEIGHT / 2 - unit * lens * up, (near + 1) / 2];
    }

    const hue = label => `hsl(${360 * label / Math.max(1, names.length)} 70% ${dark() ? 68 : 42}%)`;
    const colour = place => labels.length ? hue(labels[place]) : ink('--colour0');
    const letters = names.length > 0 && names.every(name => name.length === 1);

    function draw() {
      const sharp = devicePixelRatio || 1;
      canvas.width = canvas.clientWidth * sharp;
      canvas.height = HEIGHT * sharp;
      pen.setTransform(sharp, 0, 0, sharp, 0, 0);
      pen.clearRect(0, 0, canvas.clientWidth, HEIGHT);
      pen.textAlign = 'center';
      pen.textBaseline = 'middle';
      axes();
      placed = points.map((point, place) => [...seen(point), place])
        .filter(([, , , place]) => only === null || labels[place] === only)
        .sort((a, b) => a[2] - b[2]);
      for (const [x, y, near, place] of placed) {
        pen.globalAlpha = 0.35 + 0.65 * Math.min(1, Math.max(0, near));
        pen.fillStyle = colour(place);
        const size = (place === chosen ? 17 : 10) * (solid ? 0.75 + 0.5 * near : 1);
        if (letters) {
          pen.font = `600 ${size}px system-ui, sans-serif`;
          pen.fillText(names[labels[place]], x, y);
        } else {
          pen.beginPath();
          pen.arc(x, y, size / 3, 0, 2 * Math.PI);
          pen.fill();
        }
      }
      pen.globalAlpha = 1;
    }

    function axes() {
      pen.strokeStyle = ink('--line');
      pen.fillStyle = ink('--soft');
      pen.font = '11px system-ui, sans-serif';
      for (let axis = 0; axis < codes[0].length; axis++) {
        const end = [0, 0, 0], start = [0, 0, 0];
        end[axis] = 1.1; start[axis] = -1.1;
        const [from, to] = [seen(start), seen(end)];
        pen.beginPath();
        pen.moveTo(from[0], from[1]);
        pen.lineTo(to[0], to[1]);
        pen.stroke();
        pen.fillText(`z${axis + 1}`, to[0], to[1]);
      }
    }

    // The nearest point to the pointer; of those that cover each other the one in front.
    function choose(x, y) {
      let best = null, least = NEAR;
      for (const [left, top, , place] of placed) {
        const away = Math.hypot(left - x, top - y);
        if (away <= least) [best, least] = [place, away];
      }
      if (best !== chosen) { chosen = best; draw(); }
      card.hidden = best === null;
      if (best === null) return;
      const row = Math.floor(best / columns), column = best % columns;
      picture.getContext('2d').drawImage(
        pictures, column * width, row * height, width, height, 0, 0, width, height);
      const name = labels.length ? `${names[labels[best]]}: ` : '';
      words.textContent = `${name}(${codes[best].join(', ')})`;
      card.style.left = `${Math.min(x + 16, canvas.clientWidth - 150)}px`;
      card.style.top = `${Math.min(y + 16, HEIGHT - 150)}px`;
    }

    const turn = (across, down) => {
      yaw += across;
      pitch = Math.max(-1.57, Math.min(1.57, pitch + down));
      draw();
    };
    canvas.addEventListener('pointerdown', event => {
      held = [event.offsetX, event.offsetY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', ({offsetX: x, offsetY: y}) => {
      if (!held || !solid) return choose(x, y);
      card.hidden = true;
      turn((x - held[0]) / 120, (y - held[1]) / 120);
      held = [x, y];
    });
    for (const end of ['pointerup', 'pointercancel']) {
      canvas.addEventListener(end, () => { held = null; });
    }
    canvas.addEventListener('pointerleave', () => choose(-99, -99));
    canvas.addEventListener('wheel', event => {
      if (document.activeElement !== canvas) return;  // else the page could not be scrolled
      event.preventDefault();
      zoom = Math.max(0.3, Math.min(8, zoom * Math.exp(-event.deltaY / 600)));
      draw();
    }, {passive: false});
    const KEYS = {ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1]};
    canvas.addEventListener('keydown', event => {
      if (!solid || !KEYS[event.key]) return;
      event.preventDefault();
      turn(...KEYS[event.key]);
    });

    const key = names.length > 1 && names.length <= 30 ? child(box, 'div', 'classes') : null;
    names.forEach((name, label) => {
      if (!key) return;
      const button = child(key, 'button');
      button.textContent = name;
      button.style.color = hue(label);
      button.addEventListener('click', () => {
        only = only === label ? null : label;
        for (const [place, one] of [...key.children].entries()) {
          one.setAttribute('aria-pressed', only === place);
        }
        draw();
      });
    });
    new ResizeObserver(draw).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      if (key) [...key.children].forEach((one, label) => { one.style.color = hue(label); });
      draw();
    });
  }

  document.querySelectorAll('.codes').forEach(build);
}

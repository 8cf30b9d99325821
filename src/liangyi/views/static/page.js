// Shows the chosen samples of a run large, and plays them.
'use strict';
{
  const slider = document.querySelector('.slider');
  const frames = [...document.querySelectorAll('.strip button')];
  if (frames.length) {
    const bar = slider.querySelector('input'), play = slider.querySelector('button');
    const large = document.querySelector('.samples .large');
    const step = document.querySelector('output');
    const show = () => {
      frames.forEach((frame, place) => {
        if (place == bar.value) frame.setAttribute('aria-current', 'true');
        else frame.removeAttribute('aria-current');
      });
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
}

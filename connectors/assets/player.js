// One audio element for the page; it tells how much of each track was heard when the track ends or gives way.
const box = element.querySelector('.sg-player');
const audio = box.querySelector('audio');
const name = box.querySelector('.sg-playing');
let current = null;
let furthest = 0;

const report = () => {
  if (!current) return;
  const heard = furthest;
  const track = current;
  current = null;
  furthest = 0;
  trigger('heard', { track, completion: Math.min(1, Math.max(0, heard)) });
};
const mark = () => {
  for (const button of document.querySelectorAll('button[data-play]')) {
    button.setAttribute('aria-pressed', String(button.dataset.play === current && !audio.paused));
  }
};
const play = (button) => {
  if (button.dataset.play === current) {
    if (audio.paused) audio.play(); else audio.pause();
    return;
  }
  report();
  current = button.dataset.play;
  name.textContent = button.dataset.title;
  box.hidden = false;
  audio.src = button.dataset.media;
  audio.play().catch(() => {});
};
const next = () => {
  const buttons = [...document.querySelectorAll('button[data-play]')];
  const at = buttons.findIndex((button) => button.dataset.play === (current ?? last));
  if (at >= 0 && buttons[at + 1]) play(buttons[at + 1]);
};
let last = null;

audio.addEventListener('timeupdate', () => {
  if (current && audio.duration > 0) furthest = Math.max(furthest, audio.currentTime / audio.duration);
});
audio.addEventListener('play', mark);
audio.addEventListener('pause', mark);
audio.addEventListener('error', () => {
  if (!current) return;
  name.textContent = 'This track cannot be played here.';
  current = null;
});
audio.addEventListener('ended', () => {
  furthest = 1;
  last = current;
  report();
  mark();
  next();
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-play]');
  if (button) play(button);
});
box.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-player]');
  if (!button) return;
  if (button.dataset.player === 'next') {
    last = current;
    next();
    return;
  }
  report();
  audio.pause();
  audio.removeAttribute('src');
  box.hidden = true;
  mark();
});

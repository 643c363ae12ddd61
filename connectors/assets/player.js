// One audio element for the page; it tells how far each track is, so that what was heard counts however it ends.
const box = element.querySelector('.sg-player');
const audio = box.querySelector('audio');
const name = box.querySelector('.sg-playing');
const TELL_EVERY_MS = 10000;
let plays = 0;
let current = null;
let heard = 0;
let toldAt = 0;
let last = null;
let before = null; // what was on screen when the next tracks were asked for, until they are there

const tell = (state) => {
  toldAt = performance.now();
  trigger('heard', { play: plays, track: current, completion: heard, state });
};
const report = () => {
  if (current) tell('over');
  current = null;
  heard = 0;
};
// What was heard, not how far somebody jumped; of the last moments no more is known than that the track is over.
const listen = () => {
  let seconds = 0;
  for (let i = 0; i < audio.played.length; i += 1) seconds += audio.played.end(i) - audio.played.start(i);
  const share = audio.duration > 0 ? seconds / audio.duration : 0;
  heard = Math.min(1, audio.ended && share > 0.95 ? 1 : share);
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
  before = null;
  plays += 1;
  current = button.dataset.play;
  toldAt = 0;
  name.textContent = button.dataset.title;
  box.hidden = false;
  audio.src = button.dataset.media;
  audio.play().catch(() => {});
};
// What comes after a track; where that is no longer on screen, and the music is to go on, the first that is.
const endless = box.querySelector('[data-player="endless"]');
const isEndless = () => endless.getAttribute('aria-pressed') === 'true';
const following = (track) => {
  const buttons = [...document.querySelectorAll('button[data-play]')];
  const at = buttons.findIndex((button) => button.dataset.play === track);
  return at >= 0 || isEndless() ? buttons[at + 1] : undefined;
};
const shown = () => [...document.querySelectorAll('#sg-slate tr[data-track]')].map((row) => row.dataset.track).join();
const said = () => document.querySelector('#sg-slate .sg-said')?.textContent;
// Asks for the next tracks; what was heard of this one goes with it, so that it counts for them.
const goOn = () => {
  const told = current ? { play: plays, track: current, completion: heard, state: 'over' } : {};
  before = { tracks: shown(), words: said() };
  current = null;
  heard = 0;
  audio.pause();
  name.textContent = 'Finding what comes next…';
  trigger('ahead', told);
};
const begin = () => {
  if (before === null) return;
  const first = document.querySelector('#sg-slate button[data-play]');
  const changed = shown() !== before.tracks;
  const words = said();
  if (!changed && words === before.words) return;
  before = null;
  if (changed && first) play(first);
  else name.textContent = changed ? 'Nothing that comes next can be played here.' : words;
};
const next = () => {
  const after = following(current ?? last);
  if (after) play(after);
  else if (isEndless()) goOn();
};

audio.addEventListener('timeupdate', () => {
  if (!current || !(audio.duration > 0)) return;
  listen();
  // Not before the sound has begun, and then now and then: the page may be closed at any time.
  if (!audio.paused && (!toldAt || performance.now() - toldAt > TELL_EVERY_MS)) tell('on');
});
audio.addEventListener('play', mark);
audio.addEventListener('pause', () => {
  mark();
  if (current && toldAt && !audio.ended) tell('on');
});
audio.addEventListener('error', () => {
  if (!current) return;
  name.textContent = 'This track cannot be played here.';
  tell('broken');
  current = null;
  heard = 0;
});
audio.addEventListener('ended', () => {
  listen();
  last = current;
  if (isEndless() && !following(last)) {
    goOn();
    return;
  }
  report();
  mark();
  next();
});
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-play]');
  if (button) play(button);
  const skipped = event.target.closest('button[data-act="skip"]');
  if (!skipped || !current || skipped.dataset.track !== current) return;
  // The press itself counts; the sound goes on with what comes next.
  tell('broken');
  before = { tracks: shown(), words: said() };
  current = null;
  heard = 0;
  audio.pause();
});
box.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-player]');
  if (!button) return;
  if (button === endless) {
    endless.setAttribute('aria-pressed', String(!isEndless()));
    return;
  }
  if (button.dataset.player === 'next') {
    last = current;
    const turns = current && heard < 0.5 && document.querySelector('#sg-slate [data-radio="on"]');
    if (isEndless() && turns) goOn();
    else next();
    return;
  }
  report();
  before = null;
  audio.pause();
  audio.removeAttribute('src');
  box.hidden = true;
  mark();
});
// Rows that are drawn anew do not know what plays. The slate may come after the player, and be drawn anew as a whole; a
// row that gives way to another may keep its elements, and change what they say alone.
const inSlate = ({ target }) => (target instanceof Element ? target : target.parentElement)?.closest('#sg-slate');
const drawn = { childList: true, subtree: true, characterData: true, attributeFilter: ['data-track'] };
new MutationObserver((changes) => {
  if (!changes.some(inSlate)) return;
  mark();
  if (before !== null) setTimeout(begin); // once all of it is drawn
}).observe(document.body, drawn);

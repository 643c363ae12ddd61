// One listener for every button of this part of the page, so that rows may come and go. What a button does is in its
// data: `act` names it, the rest goes with it.
let pressed = null;
let onward = false;
const ONWARD = ['keep-going', 'like-last', 'radio-playlist', 'radio-track', 'radio-artist', 'skip'];

const send = (data) => trigger('act', data);

element.addEventListener('click', (event) => {
  const copy = event.target.closest('button[data-copy]');
  if (copy && element.contains(copy)) {
    copyText(copy.dataset.copy, () => { copy.firstChild.textContent = 'Copied'; });
    return;
  }
  const button = event.target.closest('button[data-act]');
  if (!button || !element.contains(button)) return;
  onward = ONWARD.includes(button.dataset.act);
  if (onward && event.detail > 1) return; // a double click wants the next tracks once
  const row = button.closest('tr[data-place]');
  pressed = { act: button.dataset.act, track: button.dataset.track, chip: button.dataset.chip, place: row?.dataset.place };
  const menu = button.closest('details');
  if (menu) menu.open = false;
  if (button.closest('#sg-talks')) document.body.classList.remove('sg-drawer-open');
  send({ ...button.dataset });
});

// After a press the focus stays where it was, or goes to the row that took its place.
const refocus = () => {
  if (!pressed || (document.activeElement && document.activeElement !== document.body)) return;
  const buttons = [...element.querySelectorAll('button[data-act]')];
  const same = buttons.find((b) => b.dataset.act === pressed.act && b.dataset.track === pressed.track && b.dataset.chip === pressed.chip);
  const row = pressed.place && element.querySelector(`tr[data-place="${pressed.place}"] button[data-act]`);
  (same && same.offsetParent ? same : row || buttons[0])?.focus({ preventScroll: true });
  pressed = null;
};
// The next tracks are read from the first on: the buttons for more of them stand below the last.
const toTop = () => {
  if (onward && element.getBoundingClientRect().top < 0) element.scrollIntoView({ block: 'start' });
  onward = false;
};

// Menus close by Escape, and when something else is pressed.
element.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const menu = event.target.closest('details[open]');
  if (menu) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});
document.addEventListener('click', (event) => {
  for (const menu of element.querySelectorAll('details.sg-more[open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Dials rank anew when they are let go; their value shows while they move.
element.addEventListener('input', (event) => {
  const output = event.target.closest('label')?.querySelector('output');
  if (event.target.dataset.dial && output) output.textContent = event.target.value;
});
element.addEventListener('change', (event) => {
  if (event.target.dataset.dial) send({ act: 'dial', name: event.target.dataset.dial, value: event.target.value });
});

// Rows are dragged to another place.
let dragged = null;
element.addEventListener('dragstart', (event) => {
  const row = event.target.closest?.('tr[data-track]');
  if (!row) return;
  dragged = row.dataset.track;
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', '');
});
element.addEventListener('dragover', (event) => {
  const row = event.target.closest('tr[data-track]');
  for (const other of element.querySelectorAll('.sg-drop')) if (other !== row) other.classList.remove('sg-drop');
  if (!dragged || !row) return;
  event.preventDefault();
  row.classList.add('sg-drop');
});
element.addEventListener('drop', (event) => {
  const row = event.target.closest('tr[data-track]');
  if (!dragged || !row) return;
  event.preventDefault();
  row.classList.remove('sg-drop');
  if (row.dataset.track !== dragged) send({ act: 'move', track: dragged, to: row.dataset.place });
  dragged = null;
});
element.addEventListener('dragend', () => {
  dragged = null;
  for (const row of element.querySelectorAll('.sg-drop')) row.classList.remove('sg-drop');
});

// The list of conversations: names are changed in place, deleting takes a second press.
element.addEventListener('click', (event) => {
  const remove = event.target.closest('button[data-delete]');
  if (remove) {
    if (remove.dataset.sure) {
      pressed = { act: 'delete' };
      send({ act: 'delete', session: remove.dataset.delete });
    } else {
      remove.dataset.sure = '1';
      remove.textContent = 'Delete?';
      const label = remove.getAttribute('aria-label');
      remove.setAttribute('aria-label', `Press again: ${label}`);
      remove.addEventListener('blur', () => {
        delete remove.dataset.sure;
        remove.setAttribute('aria-label', label);
        remove.textContent = '✕';
      }, { once: true });
    }
    return;
  }
  const rename = event.target.closest('button[data-rename]');
  if (!rename) return;
  const name = rename.closest('li').querySelector('.sg-talk-name');
  const input = document.createElement('input');
  input.value = name.querySelector('bdi').textContent;
  input.maxLength = 80;
  input.setAttribute('aria-label', 'New name');
  name.hidden = true;
  name.before(input);
  input.focus();
  input.select();
  let over = false;
  const end = (keep, focus = true) => {
    if (over) return;
    over = true;
    const called = input.value;
    input.remove();
    name.hidden = false;
    if (focus) rename.focus();
    if (keep) send({ act: 'rename', session: rename.dataset.rename, name: called });
  };
  input.addEventListener('keydown', (key) => {
    if (key.key !== 'Enter' && key.key !== 'Escape') return;
    key.preventDefault(); // else Enter presses what the focus goes back to
    end(key.key === 'Enter');
  });
  input.addEventListener('blur', () => end(false, false));
});

// The conversation on screen, and whether it is incognito, is in the page's address, so that it is there again after a reload.
const remember = () => {
  const talks = element.querySelector('.sg-talks');
  if (!talks) return;
  const address = new URL(window.location.href);
  if (talks.dataset.current) address.searchParams.set('talk', talks.dataset.current);
  else address.searchParams.delete('talk');
  if (talks.dataset.incognito) address.searchParams.set('incognito', '1');
  else address.searchParams.delete('incognito');
  if (address.href !== window.location.href) window.history.replaceState(null, '', address);
};

watch('value', () => {
  refocus();
  toTop();
  remember();
});

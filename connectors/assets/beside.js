// A page beside the chat: presses of its buttons, and each time that it comes into view.
let pressed = null;
element.addEventListener('click', (event) => {
  const copy = event.target.closest('button[data-copy]');
  if (copy) {
    copyText(copy.dataset.copy, () => { copy.firstChild.textContent = 'Copied'; });
    return;
  }
  const button = event.target.closest('button[data-act]');
  if (button && element.contains(button)) {
    pressed = [...element.querySelectorAll('button[data-act]')].indexOf(button);
    trigger('act', { ...button.dataset });
  }
});
// A button that is gone after its press hands the keyboard on to the one in its place.
watch('value', () => {
  if (pressed !== null && document.activeElement === document.body) {
    const buttons = element.querySelectorAll('button[data-act]');
    buttons[Math.min(pressed, buttons.length - 1)]?.focus({ preventScroll: true });
  }
  pressed = null;
});
let seen = false;
new ResizeObserver(() => {
  const now = element.offsetWidth > 0;
  if (now && !seen) trigger('shown');
  seen = now;
}).observe(element);

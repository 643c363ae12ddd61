// The list of conversations is a drawer where there is no room for it beside the rest.
const opened = () => document.body.classList.contains('sg-drawer-open');
const opener = () => document.querySelector('button[data-drawer="open"]');
const close = () => {
  document.body.classList.remove('sg-drawer-open');
  opener()?.focus();
};
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-drawer]');
  if (button?.dataset.drawer === 'open') {
    document.body.classList.add('sg-drawer-open');
    document.querySelector('.sg-talks button')?.focus();
  } else if (button || (opened() && !event.target.closest('#sg-talks'))) {
    close();
  }
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && opened()) close();
});
// It closes by itself where the page becomes wide enough for both.
window.addEventListener('resize', () => {
  if (opened() && !opener()?.offsetParent) document.body.classList.remove('sg-drawer-open');
});
// What it covers can be neither reached nor read while it is open.
new MutationObserver(() => {
  opener()?.setAttribute('aria-expanded', String(opened()));
  for (const part of document.querySelectorAll('#sg-talk, #sg-result')) part.inert = opened();
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });

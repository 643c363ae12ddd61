// The list of conversations is a drawer where there is no room for it beside the rest.
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-drawer]');
  if (!button) return;
  const open = button.dataset.drawer === 'open';
  document.body.classList.toggle('sg-drawer-open', open);
  const target = open ? '.sg-talks button' : 'button[data-drawer="open"]';
  document.querySelector(target)?.focus();
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && document.body.classList.contains('sg-drawer-open')) {
    document.body.classList.remove('sg-drawer-open');
    document.querySelector('button[data-drawer="open"]')?.focus();
  }
});

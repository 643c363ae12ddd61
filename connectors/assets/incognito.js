// The switch on My taste is that of the conversation: it presses it, and shows how it stands.
const button = element.querySelector('button[data-switch="incognito"]');
const other = () => document.querySelector('#sg-slate button[data-act="incognito"]');
const follow = () => {
  const on = other()?.getAttribute('aria-pressed') ?? 'false';
  if (button.getAttribute('aria-pressed') !== on) button.setAttribute('aria-pressed', on);
};
button.addEventListener('click', () => other()?.click());
const slate = document.querySelector('#sg-slate');
if (slate) new MutationObserver(follow).observe(slate, { childList: true, subtree: true, attributes: true });
follow();

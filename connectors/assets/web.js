// Likes and dislikes: one listener for the whole slate, so that rows may come and go.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-rate]');
  if (button && element.contains(button)) {
    trigger('rate', { track: button.dataset.track, kind: button.dataset.rate });
  }
});

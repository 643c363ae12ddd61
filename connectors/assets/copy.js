// Copies a text; put before the scripts of whatever has something to copy.
const copyText = (text, done) => {
  if (navigator.clipboard && window.isSecureContext) {
    navigator.clipboard.writeText(text).then(done);
    return;
  }
  // Over plain HTTP from another machine, browsers only copy what is selected.
  const box = document.createElement('textarea');
  box.value = text;
  box.style.position = 'fixed';
  document.body.append(box);
  box.select();
  if (document.execCommand('copy')) done();
  box.remove();
};

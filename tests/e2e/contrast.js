// What on the page has less contrast with its ground than WCAG 2.2 AA asks for: 4.5 to 1 for text, 3 to 1 for large text
// (1.4.3), for the edge or the ground of a field that is typed into, and for a sign that stands for a button (1.4.11).
() => {
  const parse = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const over = (front, back) => { const a = front[3] ?? 1; return [0, 1, 2].map((i) => front[i] * a + back[i] * (1 - a)); };
  const ratio = (front, back) => {
    const [a, b] = [light(over(front, back)), light(back)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const ground = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length && (colour[3] ?? 1) > 0) { layers.push(colour); if ((colour[3] ?? 1) === 1) break; }
    }
    let back = [255, 255, 255];
    for (const layer of layers.reverse()) back = over(layer, back);
    return back;
  };
  const faded = (element, colour) => {
    let alpha = colour[3] ?? 1;
    for (let e = element; e; e = e.parentElement) alpha *= Number(getComputedStyle(e).opacity);
    return [...colour.slice(0, 3), alpha];
  };
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !element.closest('.sg-hidden, script, style, audio, [disabled]') && element.getClientRects().length > 0;
  const poor = [];
  const judge = (element, colour, back, least, what) => {
    const found = ratio(faded(element, parse(colour)), back);
    if (found < least) poor.push(`${found.toFixed(2)} ${colour} on ${back.map(Math.round)} ${element.className?.baseVal ?? element.className}: ${what}`);
  };
  const words = (element, style, colour, what) => {
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    // A number in a disc of a drawing stands on the disc, which is no parent of it.
    const disc = element.closest('svg') && element.parentElement.querySelector('circle');
    const filled = disc && element.matches('.sg-map-pick text');
    judge(element, colour, filled ? parse(getComputedStyle(disc).fill) : ground(element), large ? 3 : 4.5, what);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !shown(element)) continue;
    const style = getComputedStyle(element);
    const sign = element.closest('[aria-hidden="true"]');
    if (sign && !sign.closest('button, summary, a')) continue;
    const colour = element.closest('svg') ? style.fill : style.color;
    words(element, style, colour, node.textContent.trim().slice(0, 40));
  }
  for (const field of document.querySelectorAll('input, textarea, select')) {
    if (!shown(field) || ['range', 'file', 'hidden'].includes(field.type)) continue;
    const style = getComputedStyle(field);
    if (field.value) words(field, style, style.color, field.value.slice(0, 40));
    else if (field.placeholder) words(field, style, getComputedStyle(field, '::placeholder').color, field.placeholder);
    // The edge may be that of a box around the field.
    const edges = [];
    for (let e = field, n = 0; e && n < 4; e = e.parentElement, n += 1) {
      const own = getComputedStyle(e);
      const outside = ground(e.parentElement);
      if (parseFloat(own.borderBottomWidth) > 0) edges.push(ratio(parse(own.borderBottomColor), outside));
      if (parse(own.backgroundColor)[3] !== 0) edges.push(ratio(parse(own.backgroundColor), outside));
    }
    const edge = Math.max(1, ...edges);
    if (edge < 3) poor.push(`${edge.toFixed(2)} edge of ${field.getAttribute('aria-label') || field.labels?.[0]?.textContent.trim() || field.outerHTML.slice(0, 80)}`);
  }
  for (const icon of document.querySelectorAll('button svg, summary svg')) {
    const button = icon.closest('button, summary');
    if (!shown(icon) || button.innerText.trim()) continue;
    const part = icon.querySelector('path, use, line, polyline, circle, rect') || icon;
    const style = getComputedStyle(part);
    const colour = style.stroke !== 'none' ? style.stroke : style.fill;
    judge(button, colour, ground(button), 3, button.getAttribute('aria-label') || button.outerHTML.slice(0, 80));
  }
  return [...new Set(poor)];
}

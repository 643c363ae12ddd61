// What on the page has less contrast with its ground than WCAG asks for: 4.5 to 1, and 3 to 1 for large words.
() => {
  const parse = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const over = (front, back) => { const a = front[3] ?? 1; return [0, 1, 2].map((i) => front[i] * a + back[i] * (1 - a)); };
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
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest('.sg-hidden, script, style, [aria-hidden="true"], audio')) continue;
    const style = getComputedStyle(element);
    const back = ground(element);
    const [r, g, b0, alpha = 1] = parse(style.color);
    let seen = alpha;
    for (let e = element; e; e = e.parentElement) seen *= parseFloat(getComputedStyle(e).opacity);
    const [a, b] = [light(over([r, g, b0, seen], back)), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} ${style.color} on ${back} ${element.className}: ${node.textContent.trim().slice(0, 40)}`);
  }
  return [...new Set(poor)];
}

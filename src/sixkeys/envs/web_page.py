"""What does a MiniWoB++ page hold that can be focused? The scripts that look at a page and act in it.

ARM runs before a page's own scripts: it notes which elements listen to the mouse, and lets delays under five
seconds pass at once, so that an episode does not hang on the clock. BEGIN starts the episode of a seed with
the page's own `core.js`; LOOK waits until the page is at rest and lists the ring of elements; the rest act on
one of them.
"""

from __future__ import annotations

ARM = """
window.LISTENING = new WeakSet();
const listen = EventTarget.prototype.addEventListener, later = window.setTimeout;
EventTarget.prototype.addEventListener = function (type, ...rest) {
  if (/^(click|mousedown|mouseup|pointerdown)$/.test(type) && this instanceof Element) LISTENING.add(this);
  return listen.call(this, type, ...rest);
};
window.setTimeout = (act, wait, ...rest) => later(act, wait < 5000 ? 0 : wait, ...rest);
"""

BEGIN = """
if (window.jQuery) jQuery.fx.off = true;
core.EPISODE_MAX_TIME = 36e5;
core.endEpisode(0);
Math.seedrandom(arguments[0]);
core.startEpisodeReal();
document.querySelectorAll('*').forEach((element) => { delete element.PRESSED; });
window.RING = [];
"""

LOOK = """
const done = arguments[1];
let turns = 4;
const look = () => {
const area = document.getElementById('area') || document.body, before = RING[arguments[0]];
const native = 'input,textarea,select,button,a,option,summary,[tabindex],[onclick]';
const outside = '#query,#sync-task-cover,#click-canvas,#reward-display,ul,ol,form,'
  + '.ui-dialog,.ui-dialog-titlebar';
const said = (element) => (element.innerText || element.textContent || '').replace(/\\s+/g, ' ').trim();
const seen = (element) => {
  const box = (element.tagName === 'OPTION' ? element.parentElement : element).getBoundingClientRect();
  const style = getComputedStyle(element);
  return box.width > 0 && box.height > 0 && style.visibility !== 'hidden' && style.opacity !== '0';
};
const able = (element) => !element.matches(outside) && !element.closest('#query,#reward-display')
  && !element.contains(area) && !element.disabled && seen(element)
  && (element.matches(native) || element.onclick || LISTENING.has(element));
let ring = [...document.querySelectorAll('body *')].filter(able);
ring = ring.filter((element) => !ring.some((inner) => inner !== element && element.contains(inner)
  && said(inner) === said(element) && inner.tagName !== 'OPTION'));
const near = (element) => {
  let around = element.parentElement;
  while (around && around !== area && said(around).length <= said(element).length)
    around = around.parentElement;
  return around && !around.contains(area) ? said(around) : '';
};
const box = (element) => element.matches('input[type=checkbox],input[type=radio]');
const name = (element) => element.tagName === 'SELECT' ? '' : said(element)
  || (box(element) ? near(element) : '') || (/submit|button/.test(element.type) && element.value)
  || element.getAttribute('data-color') || '';
const kind = (element) => {
  if (element.tagName === 'INPUT') return element.type;
  if (element.matches('[role=tab],[role=tab] *,h3')) return 'tab';
  return element.closest('svg') ? 'shape' : element.tagName.toLowerCase();
};
const on = (element) => element.checked || element.selected
  || element.matches('[aria-selected=true],[aria-expanded=true],.ui-selected,.selected,.clicked');
const scroller = [...document.querySelectorAll('#area,#area *')].find((element) =>
  element.scrollHeight > element.clientHeight + 2 && element.clientHeight > 0
  && /auto|scroll/.test(getComputedStyle(element).overflowY));
window.RING = ring;
window.SCROLLER = scroller;
const told = core.getUtterance();
return {
  task: told.utterance || told, fields: told.fields || null,
  done: WOB_DONE_GLOBAL, reward: WOB_RAW_REWARD_GLOBAL, focus: ring.indexOf(before),
  scrolled: scroller ? scroller.scrollTop / (scroller.scrollHeight - scroller.clientHeight) : -1,
  submit: ring.findIndex((element) =>
    element.matches('#subbtn,[type=submit]') || /^submit$/i.test(name(element))),
  ring: ring.map((element) => ({
    kind: kind(element), text: name(element).slice(0, 200), near: near(element).slice(0, 400),
    value: element.matches('input,textarea') ? element.value : '',
    names: [element.id, element.className.baseVal ?? element.className, element.placeholder || ''].join(' '),
    on: Boolean(on(element)), pressed: Boolean(element.PRESSED),
  })),
};
};
const turn = () => turns-- > 0 || !WOB_TASK_READY ? setTimeout(turn, 0) : done(look());
turn();
"""

POINT = """
const element = RING[arguments[0]];
element.PRESSED = true;
if (element.tagName === 'OPTION') {
  const list = element.parentElement;
  if (list.multiple) element.selected = !element.selected; else list.value = element.value;
  for (const type of ['input', 'change']) list.dispatchEvent(new Event(type, {bubbles: true}));
  return null;
}
element.scrollIntoView({block: 'nearest', behavior: 'instant'});
const box = element.getClientRects()[0];
return [box.left + box.width / 2, box.top + box.height / 2];
"""

EMPTY = """
const element = RING[arguments[0]], value = arguments[1];
element.focus();
element.value = value === null ? '' : value;
for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, {bubbles: true}));
"""

SCROLL = """
const end = SCROLLER.scrollHeight - SCROLLER.clientHeight;
SCROLLER.scrollTop = SCROLLER.scrollTop >= end - 1 ? 0 : SCROLLER.scrollTop + 0.9 * SCROLLER.clientHeight;
"""

// Lets the page sleep while nothing happens. The frame loop that draws the canvas asks for the next
// frame after each one, painted or not, so an idle page would wake up sixty times a second. Here its
// requests wait until there is a reason: input, a changed size, a message from the engine, or the
// moment that the last frame asked for.
const ask = window.requestAnimationFrame.bind(window);
const cancel = window.cancelAnimationFrame.bind(window);

/** Frames let through after a reason: an event's effect may take one to work out and one to show. */
const FRAMES = 4;
/** At the latest after so long a frame is let through anyway, in milliseconds. */
const HEARTBEAT = 1000;

const INPUT = [
  "pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave", "mousedown", "mousemove", "mouseup",
  "click", "contextmenu", "wheel", "touchstart", "touchmove", "touchend", "touchcancel", "keydown", "keyup", "input",
  "compositionstart", "compositionupdate", "compositionend", "copy", "cut", "paste", "dragenter", "dragover",
  "dragleave", "drop", "focusin", "focusout", "focus", "blur", "resize", "pageshow", "hashchange",
];

const requests = new Map();
let ids = 0;
let frames = FRAMES;
let timer = 0;
let timerAt = Infinity;

function send(id, request) {
  request.real = ask((time) => {
    requests.delete(id);
    frames = Math.max(0, frames - 1);
    request.callback(time);
  });
}

function wake() {
  frames = FRAMES;
  clearTimeout(timer);
  timerAt = Infinity;
  for (const [id, request] of requests) if (!request.real) send(id, request);
}

/** A frame is wanted in so many milliseconds. */
function after(delay) {
  if (delay <= 20) return wake();
  const at = performance.now() + Math.min(delay, HEARTBEAT);
  if (at >= timerAt) return;
  clearTimeout(timer);
  timerAt = at;
  timer = setTimeout(wakeOnce, at - performance.now());
}

function wakeOnce() {
  timerAt = Infinity;
  frames = Math.max(frames, 1);
  for (const [id, request] of requests) if (!request.real) send(id, request);
}

window.requestAnimationFrame = (callback) => {
  const id = ++ids;
  const request = { callback, real: 0 };
  requests.set(id, request);
  if (frames > 0) send(id, request);
  else after(HEARTBEAT);
  return id;
};

window.cancelAnimationFrame = (id) => {
  const request = requests.get(id);
  requests.delete(id);
  if (request?.real) cancel(request.real);
};

for (const name of INPUT) window.addEventListener(name, wake, { capture: true, passive: true });
document.addEventListener("visibilitychange", wake);
new ResizeObserver(wake).observe(document.getElementById("kitbench-canvas"));

window.kitbenchPacer = { wake, after };

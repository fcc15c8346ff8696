// Loads the front end with visible progress and starts it; says plainly what is missing if it cannot.
import "./pacer.js";
import init, { start } from "./kitbench_ui.js";

const at = (id) => document.getElementById(id);

function fail(message, hint) {
  at("message").textContent = message;
  at("hint").textContent = hint;
  at("loading").setAttribute("role", "alert");
  document.body.dataset.failed = "true";
}

function hasWebGl2() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

async function load(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  // The length is that of the compressed bytes, so it only serves as a measure when nothing is compressed.
  const total = answer.headers.has("content-encoding") ? 0 : Number(answer.headers.get("content-length"));
  if (!answer.body || !total) return answer.arrayBuffer();
  const reader = answer.body.getReader();
  const bytes = new Uint8Array(total);
  let done = 0;
  for (;;) {
    const part = await reader.read();
    if (part.done) break;
    if (done + part.value.length > total) return (await fetch(url)).arrayBuffer();
    bytes.set(part.value, done);
    done += part.value.length;
    at("progress").value = (100 * done) / total;
  }
  return bytes.buffer;
}

async function run() {
  if (typeof WebAssembly !== "object") {
    return fail("This browser cannot run Kitbench.", "It has no WebAssembly. A current Firefox, Chrome, Edge or Safari works.");
  }
  if (!hasWebGl2()) {
    return fail("Kitbench needs WebGL 2 to draw.", "Turn hardware or software rendering on in the browser's settings, or use another browser.");
  }
  try {
    const bytes = await load(new URL("./kitbench_ui_bg.wasm", import.meta.url));
    await init({ module_or_path: bytes });
    await start("kitbench-canvas");
  } catch (error) {
    fail("Kitbench could not start.", String(error));
    throw error;
  }
}

run();

// @ts-check
// Alarms sound, and nothing else does. In the room the screen glows instead.

/** @type {AudioContext | undefined} */
let audio;
let last = 0;

let changed = () => {};

/** What is done when the page begins to be heard or no longer is. @param {() => void} act */
export function whenChanged(act) {
  changed = act;
}

/** Keeps whether this device is outside the room: until its PIN a page knows of no session. @param {boolean} sounds */
export function remember(sounds) {
  localStorage.outside = sounds ? "yes" : "";
}

/** Whether it was outside. */
export function isOutside() {
  return !!localStorage.outside;
}

/** By a touch: browsers let a page sound from then on. */
export function ready() {
  if (!audio) {
    audio = new AudioContext();
    audio.onstatechange = () => changed();
  }
  if (audio.state !== "running") void audio.resume();
}

/** Whether an alarm would not be heard: nobody has touched the screen since the page was loaded. */
export function isMute() {
  return audio?.state !== "running";
}

/** Three tones, once in ten seconds at most. Browsers let it sound after a touch, which the check at arrival is. */
export function sound(force = false) {
  if (!force && Date.now() - last < 10_000) return;
  if (!force) last = Date.now(); // a sound check silences no alarm that comes after it
  ready();
  const made = /** @type {AudioContext} */ (audio);
  for (const [number, pitch] of [880, 660, 880].entries()) {
    const tone = made.createOscillator();
    const loudness = made.createGain();
    const from = made.currentTime + number * 0.25;
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.4, from);
    loudness.gain.exponentialRampToValueAtTime(0.001, from + 0.22);
    tone.connect(loudness).connect(made.destination);
    tone.start(from);
    tone.stop(from + 0.24);
  }
}

/** Keeps the screen on while a session runs, where the browser lets it. */
export async function stayAwake() {
  try {
    await /** @type {any} */ (navigator).wakeLock?.request("screen");
  } catch {
    // a browser that does not: the device's own settings do
  }
}

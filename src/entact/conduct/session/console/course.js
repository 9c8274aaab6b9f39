// @ts-check
// What the session has come to, from what was said in it: pure, so that it can be asked again at any moment. It
// answers as entact.course does on the server, which asks again when an entry arrives.

export * from "./alerts.js";
export * from "./due.js";
export * from "./gate.js";
export * from "./said.js";

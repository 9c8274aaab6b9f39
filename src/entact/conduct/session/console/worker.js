// Keeps the console's files on this device, all of one version or none: the page opens without a network.
// VERSION and FILES stand before this, written by the server (conduct/session/files.py).

const CACHE = `entact-session-${VERSION}`;
const PAGE = "/session/";

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      const addresses = [PAGE, ...Object.keys(FILES).map((name) => PAGE + name)];
      await cache.addAll(addresses.map((address) => new Request(address, { cache: "no-store", credentials: "omit" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("entact-session-") && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  const name = address.pathname.slice(PAGE.length);
  if (event.request.method !== "GET" || !address.pathname.startsWith(PAGE) || (name && !Object.hasOwn(FILES, name))) return;
  event.respondWith(
    (async () => (await (await caches.open(CACHE)).match(address.pathname)) ?? fetch(event.request))(),
  );
});

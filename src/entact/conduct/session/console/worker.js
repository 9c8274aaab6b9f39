// Keeps the console's files on this device, all of one version or none: the page opens without a network.
// VERSION and FILES stand before this, written by the server (conduct/session/files.py).

const CACHE = `entact-session-${VERSION}`;
const PAGE = "/session/";

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      const fetched = await Promise.all(
        [PAGE, ...Object.keys(FILES).map((name) => PAGE + name)].map(async (address) => {
          const response = await fetch(address, { cache: "no-store", credentials: "omit" });
          if (!response.ok) throw new Error(`${address}: ${response.status}`);
          return [address, response];
        }),
      );
      for (const [address, response] of fetched) await cache.put(address, response);
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

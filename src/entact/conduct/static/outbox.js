// What was written and is not in the record yet, kept on this device and readable to nobody else.
//
// Everything is encrypted (AES-GCM) under a key that the server gives to a signed-in person with the page, and
// that is stored nowhere here: whoever finds the device finds ciphertext. What is kept survives a closed
// browser and a lost network, until it is removed.

const DATABASE = "entact-outbox";
const STORE = "kept";

// Opens the outbox of whoever has the key: 32 bytes in base64.
export async function openOutbox(secret) {
  const raw = Uint8Array.from(atob(secret), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  const database = await opened();

  return {
    // Keeps a value under a name, in the place of what was there; done when it is on the disk.
    async keep(name, value) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(JSON.stringify(value));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(name) }, key, plain);
      await inTransaction(database, "readwrite", (store) => store.put({ name, iv, sealed }));
    },

    // What was kept under a name; null where there is nothing, or it is another person's.
    async find(name) {
      const found = await inTransaction(database, "readonly", (store) => store.get(name));
      if (!found) return null;
      try {
        const options = { name: "AES-GCM", iv: found.iv, additionalData: bytes(name) };
        const plain = await crypto.subtle.decrypt(options, key, found.sealed);
        return JSON.parse(new TextDecoder().decode(plain));
      } catch {
        return null;
      }
    },

    async remove(name) {
      await inTransaction(database, "readwrite", (store) => store.delete(name));
    },
  };
}

function bytes(text) {
  return new TextEncoder().encode(text);
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "name" });
    request.onsuccess = () => {
      // Another tab may bring a newer version: this one must not stand in its way.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}

function inTransaction(database, mode, act) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
  });
}

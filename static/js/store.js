/* What the phone keeps: reports, answers, remarks that wait to be sent. Shared by pages and the service worker. */
(() => {
  "use strict";

  const NAME = "linjiang";
  const STORE = "outbox";
  let opening = null;

  const open = () => {
    opening ||= new Promise((resolve, reject) => {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => {
        if (!asked.result.objectStoreNames.contains(STORE)) asked.result.createObjectStore(STORE, { keyPath: "id" });
      };
      asked.onsuccess = () => {
        // A newer page that changes the store must not wait for this one; nothing in it is deleted.
        asked.result.onversionchange = () => {
          asked.result.close();
          opening = null;
        };
        resolve(asked.result);
      };
      asked.onerror = () => {
        opening = null;
        reject(asked.error);
      };
    });
    return opening;
  };

  /* Run one transaction; its promise is kept only once the phone has really stored it. */
  const within = async (mode, work) => {
    const database = await open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  };

  const all = async () => ((await within("readonly", (store) => store.getAll())) || []).sort((a, b) => a.made - b.made);

  /* Change an entry that is still there: one that was discarded or sent meanwhile does not come back. */
  const change = (id, changes) =>
    within("readwrite", (store) => {
      const asked = store.get(id);
      asked.onsuccess = () => {
        if (asked.result) store.put({ ...asked.result, ...changes });
      };
    });

  const newId = () => {
    if (self.crypto.randomUUID) return self.crypto.randomUUID();
    const bytes = self.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };

  self.ljStore = {
    all,
    of: async (user) => (await all()).filter((entry) => entry.user === user),
    get: (id) => within("readonly", (store) => store.get(id)),
    put: (entry) => within("readwrite", (store) => store.put(entry)),
    remove: (id) => within("readwrite", (store) => store.delete(id)),
    change,
    newId,
  };
})();

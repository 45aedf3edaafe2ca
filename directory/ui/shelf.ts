/** Where the page keeps the directory between visits: IndexedDB, or nothing where the browser has none. */

import type { DirectoryEntry } from "$ui/views";

export interface Kept {
  etag: string;
  entries: DirectoryEntry[];
  favourites: string[];
}

export interface Shelf {
  read(): Promise<Kept | undefined>;
  write(kept: Kept): Promise<void>;
}

const DATABASE = "bandeau15";
const STORE = "directory";
const KEY = "kept";

/** The browser's own. What cannot be kept is asked for again at the next visit. */
export const browserShelf: Shelf = {
  read: () => using<Kept | undefined>("readonly", (store) => store.get(KEY)).catch(() => undefined),
  write: async (kept) => {
    await using("readwrite", (store) => store.put(kept, KEY)).catch(() => undefined);
  },
};

async function using<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done<IDBDatabase>(opening);
  try {
    return await done<T>(ask(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function done<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

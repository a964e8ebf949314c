import { DurableObject, env } from 'cloudflare:workers';
import { createProxy } from 'cio-first-party/proxy';

const WINDOW_MS = 3_600_000; // how long the store keeps an accepted event
const CLEAN_UP_MS = 600_000;

/** Remembers events for all isolates of the Worker. What a call does it does at once, before any other. */
export class Events extends DurableObject {
  sql = this.ctx.storage.sql;

  constructor(ctx, env) {
    super(ctx, env);
    const columns = 'key TEXT PRIMARY KEY, owner TEXT, ends INTEGER'; // an event without an owner is done
    this.sql.exec(`CREATE TABLE IF NOT EXISTS events (${columns}) WITHOUT ROWID`);
  }

  async claim(keys, ttlMs, owner) {
    const now = Date.now();
    const states = keys.map((key) => {
      const [row] = this.sql.exec('SELECT owner, ends FROM events WHERE key = ?', key);
      if (row?.ends > now) return row.owner === null ? 'done' : 'pending';
      this.sql.exec('INSERT OR REPLACE INTO events VALUES (?, ?, ?)', key, owner, now + ttlMs);
      return row?.owner ? 'expired' : 'new';
    });
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(now + CLEAN_UP_MS);
    return states;
  }

  done(keys) {
    const ends = Date.now() + WINDOW_MS;
    for (const key of keys) this.sql.exec('INSERT OR REPLACE INTO events VALUES (?, NULL, ?)', key, ends);
  }

  release(keys, owner) {
    for (const key of keys) this.sql.exec('DELETE FROM events WHERE key = ? AND owner = ?', key, owner);
  }

  /** A claim that has ended is kept for a while: whoever has the event next can tell that a copy has died. */
  async alarm() {
    const [now, old] = [Date.now(), Date.now() - WINDOW_MS];
    this.sql.exec('DELETE FROM events WHERE ends < ? AND (owner IS NULL OR ends < ?)', now, old);
    const { rest } = this.sql.exec('SELECT COUNT(*) AS rest FROM events').one();
    if (rest > 0) await this.ctx.storage.setAlarm(now + CLEAN_UP_MS);
  }
}

let owner;
const ownName = () => (owner ??= crypto.randomUUID());
const events = () => env.EVENTS.getByName('all');
const store = {
  async claim(keys, ttlMs, onExpired) {
    const states = await events().claim(keys, ttlMs, ownName());
    keys.forEach((key, i) => states[i] === 'expired' && onExpired?.(key));
    return states.map((state) => (state === 'expired' ? 'new' : state));
  },
  done: (keys) => events().done(keys),
  release: (keys) => events().release(keys, ownName()),
};

const proxy = createProxy({
  writeKey: env.CIO_WRITE_KEY, // npx wrangler secret put CIO_WRITE_KEY
  clientKeys: ['client-api-key-web'],
  basePath: '/e',
  clientIp: 'cf-connecting-ip',
  deduplicate: { store },
});

export default { fetch: proxy.fetch };

/** What is sent: batches of a hundred events, as the browser SDK makes them. */
export const CLIENT_KEY = 'client-api-key-web';
export const WRITE_KEY = 'write-key';
export const EVENTS_PER_BATCH = 100;
/** Stands in every `messageId` until the first request. */
export const PLACE = 'fresh000';
/** Of the browser's clock before that of this machine, so that a run of some seconds stays within what may be merged. */
const AHEAD_MS = 5_000;

const PAGE = {
  path: '/shoes/42',
  referrer: 'https://shop.example.com/',
  search: '?size=42',
  title: 'Shoes for long walks',
  url: 'https://shop.example.com/shoes/42?size=42',
};

const CONTEXT = {
  page: PAGE,
  userAgent:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  locale: 'en-GB',
  library: { name: 'cio-first-party', version: '0.1.0' },
};

/** A body of `/v1/batch` that has other events each time: what comes again is another measurement. */
export interface Load {
  readonly body: Buffer;
  renew(): void;
}

let requests = 0;

/** The body of a batch of so many events, in which {@link PLACE} stands for what is new in each `messageId`. */
export function textOfBatch(number: number, events: number): string {
  const batch = Array.from({ length: events }, (_, i) => ({
    type: 'track',
    messageId: `bench-${PLACE}-${i.toString(36)}`,
    timestamp: '2026-01-02T03:04:05.678Z',
    userId: `user-${number % 500}`,
    anonymousId: '9b1f2d36-5d0e-4d8e-9a53-2c3c0a8b6f11',
    event: 'Product Viewed',
    properties: { product: `sku-${i}`, price: 12.5 + i, currency: 'EUR', tags: ['new', 'größe 42'] },
    context: CONTEXT,
  }));
  return JSON.stringify({ batch, sentAt: new Date(Date.now() + AHEAD_MS).toISOString() });
}

export function createLoad(number: number): Load {
  const body = Buffer.from(textOfBatch(number, EVENTS_PER_BATCH));
  const places: number[] = [];
  for (let at = body.indexOf(PLACE); at >= 0; at = body.indexOf(PLACE, at + 1)) places.push(at);
  return {
    body,
    // In place: this machine also runs who is measured.
    renew() {
      requests += 1;
      const id = Buffer.from(requests.toString(36).padStart(PLACE.length, '0'));
      for (const place of places) body.set(id, place);
    },
  };
}

export const HEADERS: Readonly<Record<string, string>> = {
  Authorization: `Basic ${Buffer.from(`${CLIENT_KEY}:`).toString('base64')}`,
  'Content-Type': 'application/json',
  Origin: 'http://127.0.0.1',
  'Sec-Fetch-Site': 'same-origin',
};

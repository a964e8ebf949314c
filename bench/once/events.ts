export const CLIENT_KEY = 'client-api-key-web';
export const WRITE_KEY = 'write-key';

const PREFIX = 'once-';
const IDS = new RegExp(`"messageId":"${PREFIX}(\\d+)"`, 'g');

/** One event of a visitor, as it stands in a body. Its number is in its id. */
export function eventText(number: number): string {
  return JSON.stringify({
    type: 'track',
    messageId: `${PREFIX}${number}`,
    timestamp: '2026-01-02T03:04:05.678Z',
    anonymousId: `visitor-${number % 997}`,
    event: 'Product Viewed',
    properties: { product: `sku-${number % 101}`, price: 12.5, currency: 'EUR', tags: ['größe 42'] },
    context: { page: { path: '/shoes/42', title: 'Shoes for long walks' }, locale: 'en-GB' },
  });
}

export const bodyOf = (events: readonly string[]): string => `{"batch":[${events.join(',')}]}`;

/** The numbers of the events in a body. Read off rather than parsed: this machine also runs who is measured. */
export const numbersIn = (body: string): readonly number[] =>
  Array.from(body.matchAll(IDS), ([, number]) => Number(number));

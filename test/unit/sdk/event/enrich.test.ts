// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { PageFacts } from '../../../../src/sdk/browser.ts';
import type { Categories } from '../../../../src/sdk/events.ts';
import type { DraftEvent } from '../../../../src/sdk/event/draft-event.ts';
import { campaign, pageFields, enrich } from '../../../../src/sdk/event/enrich.ts';
import { START_MS } from '../../../fakes/clock.ts';

const PAGE: PageFacts = {
  href: 'https://shop.example.com/shoes/?size=42#top',
  path: '/shoes/',
  search: '?size=42',
  title: 'Shoes',
  referrer: 'https://search.example/',
  canonical: undefined,
  declared: undefined,
  userAgent: 'Browser/1',
  locale: 'de-AT',
};
const FIELDS = {
  path: '/shoes/',
  referrer: 'https://search.example/',
  search: '?size=42',
  title: 'Shoes',
  url: 'https://shop.example.com/shoes/?size=42',
};

function stamped(event: DraftEvent, page: Partial<PageFacts> = {}, categories: Categories = {}): DraftEvent {
  const library = { name: 'cio-first-party', version: '1' };
  enrich(event, { at: START_MS, page: { ...PAGE, ...page } }, library, categories);
  return event;
}

test("the visitor's choices stand in the context, where they are known and the application gives none", () => {
  expect(stamped({ type: 'track' }).context).not.toHaveProperty('consent');
  const choices = { analytics: true, ads: false };
  expect(stamped({ type: 'track' }, {}, choices).context).toMatchObject({
    consent: { categoryPreferences: choices },
  });
  const own = { consent: { categoryPreferences: { own: true } } };
  expect(stamped({ type: 'track', context: own }, {}, choices).context).toMatchObject(own);
});

describe('the page of an event', () => {
  test('is that of its call, without the hash', () => {
    expect(pageFields(PAGE)).toEqual(FIELDS);
    expect(stamped({ type: 'track' }).context).toEqual({
      page: FIELDS,
      userAgent: 'Browser/1',
      locale: 'de-AT',
      library: { name: 'cio-first-party', version: '1' },
    });
  });

  test.each([
    ['https://shop.example.com/canonical', '/canonical', 'https://shop.example.com/canonical?size=42'],
    ['https://shop.example.com/canonical?a=1', '/canonical', 'https://shop.example.com/canonical?a=1'],
    ['/relative', '/relative', '/relative?size=42'],
    ['https://', '/shoes/', 'https://?size=42'],
  ])('is the canonical one where it names one: %s', (canonical, path, url) => {
    expect(pageFields({ ...PAGE, canonical })).toMatchObject({ path, url });
  });

  test('is in the properties of a page() too, where what the application gave wins', () => {
    const event = stamped({ type: 'page', name: 'Home', properties: { title: 'Mine', extra: 1 } });
    expect(event.properties).toEqual({ ...FIELDS, title: 'Mine', extra: 1, name: 'Home' });
    expect(event.context).toMatchObject({ page: { ...FIELDS, title: 'Mine' } });
  });

  test('is not in the properties of other calls', () => {
    expect(stamped({ type: 'track', properties: { a: 1 } }).properties).toEqual({ a: 1 });
  });

  test('is left out of a screen, which is a place in an app', () => {
    const event = stamped({ type: 'screen', name: 'Home', properties: { title: 'x' } });
    expect(event.context).not.toHaveProperty('page');
    expect(event.properties).toEqual({ title: 'x' });
  });

  test('can be given by the application, field by field', () => {
    const event = stamped({ type: 'track', context: { page: { url: 'https://other/', extra: 1 } } });
    expect(event.context).toMatchObject({ page: { ...FIELDS, url: 'https://other/', extra: 1 } });
  });
});

describe('the campaign of an event', () => {
  test.each([
    ['', undefined],
    ['?a=1', undefined],
    [
      '?utm_source=news&utm_campaign=spring&utm_medium=mail&utm_content=a&utm_term=b&x=1',
      {
        source: 'news',
        name: 'spring',
        medium: 'mail',
        content: 'a',
        term: 'b',
      },
    ],
    ['?utm_campaign=a%20b+c', { name: 'a b c' }],
    ['?utm_=x&utm_source=a', { source: 'a' }],
    ['?utm_source=%E0%A4%A', { source: '\ufffd%A' }],
  ])('of the address %j', (search, found) => {
    expect(campaign(search)).toEqual(found);
  });

  test('can be given by the application', () => {
    const search = '?utm_source=news';
    expect(stamped({ type: 'track' }, { search }).context?.['campaign']).toEqual({ source: 'news' });
    expect(stamped({ type: 'track', context: { campaign: 'mine' } }, { search }).context?.['campaign']).toBe(
      'mine',
    );
  });
});

describe('the time of an event', () => {
  test('is that of its call', () => {
    expect(stamped({ type: 'track', timestamp: new Date(5) }).timestamp).toBe('2026-01-02T03:04:05.000Z');
    expect(stamped({ type: 'track' }).timestamp).toBe('2026-01-02T03:04:05.000Z');
  });

  test('can be given by the application', () => {
    expect(stamped({ type: 'track', timestamp: '2020-01-01T00:00:00Z' }).timestamp).toBe(
      '2020-01-01T00:00:00Z',
    );
  });
});

test('locale and library can be given by the application, the user agent is always the browser', () => {
  const event = stamped({
    type: 'track',
    context: { locale: 'fr', library: { name: 'x' }, userAgent: 'spoofed', app: 1 },
  });
  expect(event.context).toMatchObject({
    locale: 'fr',
    library: { name: 'x' },
    userAgent: 'Browser/1',
    app: 1,
  });
});

test('the context that the application gave is not changed', () => {
  const context = { app: 1 };
  stamped({ type: 'track', context });
  expect(context).toEqual({ app: 1 });
});

// @vitest-environment node
/** The requests of the SDKs for Android and iOS, which React Native and Flutter use too, over HTTP. */
import { describe, expect, test } from 'vitest';
import { CLIENT_KEY, event } from '../setup.ts';
import { rejectedIn, withStandIn } from './compatibility-setup.ts';
import { ANDROID, APP_SDKS, CALLS, IOS } from './sdk-requests.ts';

const startCompatible = withStandIn();

/** An event without the field that the mock server adds. */
const asSent = (arrived: object): object =>
  Object.fromEntries(Object.entries(arrived).filter(([name]) => name !== 'receivedAt'));

describe.each(APP_SDKS)('$name', (sdk) => {
  test('gets settings with its client key, and without hosts that would replace its own', async () => {
    const { send } = await startCompatible();
    const response = await send(sdk.settings);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      integrations: { 'Customer.io Data Pipelines': { apiKey: CLIENT_KEY } },
      metrics: { sampleRate: 0 },
    });
  });

  test('delivers a batch once, with every field as it was sent, and without the client key', async () => {
    const { send, standIn } = await startCompatible();
    const events = CALLS.map((call) => sdk.event(call));
    const response = await send(sdk.batch(events));
    expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    const arrived = await standIn.events();
    expect(arrived.map(asSent)).toEqual(events);
    const [request, ...more] = await standIn.requests();
    expect([request?.path, request?.strict, more]).toEqual(['/v1/batch', true, []]);
    expect(JSON.stringify(arrived)).not.toContain(CLIENT_KEY);
  });

  test('may repeat a batch whose response was lost: it arrives once', async () => {
    const { send, standIn, log } = await startCompatible();
    const batch = sdk.batch(CALLS.map((call) => sdk.event(call)));
    expect((await send(batch)).status).toBe(200);
    expect((await send(batch)).status).toBe(200);
    expect(await standIn.events()).toHaveLength(CALLS.length);
    expect(log.at(-1)).toMatchObject({ duplicates: CALLS.length });
  });

  test('delivers the events beside those that are refused', async () => {
    const { send, standIn, log } = await startCompatible();
    const events = [
      sdk.event({ type: 'track', event: 'One' }),
      sdk.event({ type: 'track', event: 'Device Created or Updated', userId: 'u1', properties: {} }),
      sdk.event({ type: 'track', event: 'Report Delivery Event', properties: { metric: 'opened' } }),
      sdk.event({ type: 'track', event: 'Huge', properties: { filling: 'x'.repeat(40_000) } }),
      sdk.event({ type: 'track', event: 'Two' }),
    ];
    const rejected = await rejectedIn(await send(sdk.batch(events)));
    expect(rejected?.map(({ messageId, error }) => [messageId, error])).toEqual([
      [events[1]?.['messageId'], 'token_required'],
      [events[2]?.['messageId'], 'rejected'],
      [events[3]?.['messageId'], 'rejected'],
    ]);
    expect(rejected?.[1]?.reason).toBe(
      'privileged_event: batch[2]: a client key may not send "Report Delivery Event". Send it from your server.',
    );
    expect(rejected?.[2]?.reason).toBe('event_too_large: batch[3] may have at most 32000 bytes of JSON.');
    expect(await standIn.names()).toEqual(['One', 'Two']);
    expect(log.at(-1)).toMatchObject({ events: 2, rejected: { token_required: 1, rejected: 2 } });
  });

  test('gets 400 for a batch of which no event may be sent, and drops it', async () => {
    const { send, standIn } = await startCompatible();
    const response = await send(
      sdk.batch([sdk.event({ type: 'track', event: 'User Deleted', userId: 'u2' })]),
    );
    expect([response.status, (await response.json()).error]).toEqual([400, 'privileged_event']);
    expect(await standIn.events()).toEqual([]);
  });

  test('delivers the events beside one that Customer.io rejects', async () => {
    const { send, standIn } = await startCompatible();
    const events = [
      sdk.event({ type: 'track', event: 'One' }),
      sdk.event({ type: 'group', traits: {} }),
      sdk.event({ type: 'track', event: 'Two' }),
    ];
    const rejected = await rejectedIn(await send(sdk.batch(events)));
    expect(rejected).toMatchObject([{ messageId: events[1]?.['messageId'], error: 'rejected' }]);
    expect(await standIn.names()).toEqual(['One', 'Two']);
  });

  test('is told to come again while Customer.io is down, and then delivers once', async () => {
    const { send, standIn } = await startCompatible({ upstream: { retries: 0, pauseMs: 1 } });
    await standIn.faults({ status: 503 });
    const batch = sdk.batch([sdk.event({ type: 'track', event: 'One' })]);
    const response = await send(batch);
    expect([response.status, response.headers.has('Retry-After')]).toEqual([503, true]);
    await standIn.faults({ status: 200 });
    await expect.poll(async () => (await send(batch)).status).toBe(200);
    expect(await standIn.names()).toEqual(['One']);
  });

  test('may send events that were stored for days: more of them than one batch may have', async () => {
    const { send, standIn, log } = await startCompatible({ maxEvents: 20 });
    const events = Array.from({ length: 50 }, (_, i) => sdk.event({ type: 'track', event: `Event ${i}` }));
    expect((await send(sdk.batch(events))).status).toBe(200);
    expect(await standIn.names()).toEqual(events.map(({ event: name }) => name));
    expect(log.at(-1)).toMatchObject({ events: 50 });
    const tooMany = Array.from({ length: 81 }, () => sdk.event({ type: 'track', event: 'Late' }));
    const response = await send(sdk.batch(tooMany));
    expect([response.status, (await response.json()).error]).toEqual([400, 'too_many_events']);
  });

  test('sends an event alone, with Basic and without type and messageId', async () => {
    const { send, standIn } = await startCompatible();
    const alone = { event: 'Geofence Entered', userId: 'u1', properties: { geofence_id: 'g1' } };
    const request = sdk.alone?.(alone);
    if (!request) throw new Error('This SDK sends no event alone.');
    expect((await send(request)).status).toBe(200);
    expect(await standIn.events()).toMatchObject([{ type: 'track', ...alone }]);
  });
});

test('the metric of a push message is refused, as it is for every client key', async () => {
  const { send, standIn } = await startCompatible();
  const request = ANDROID.alone?.({
    anonymousId: 'delivery-1',
    properties: { recipient: 'fcm-token-1', metric: 'delivered', deliveryId: 'delivery-1' },
    event: 'Report Delivery Event',
  });
  if (!request) throw new Error('This SDK sends no event alone.');
  const response = await send(request);
  expect([response.status, (await response.json()).error]).toEqual([400, 'privileged_event']);
  expect(await standIn.requests()).toEqual([]);
});

test('after a body that is too large, iOS gets the one status after which it does not repeat it', async () => {
  const { send } = await startCompatible({ maxBodyBytes: 2_000 });
  const filling = 'x'.repeat(3_000);
  const response = await send(
    IOS.batch([IOS.event({ type: 'track', event: 'One', properties: { filling } })]),
  );
  expect([response.status, (await response.json()).error]).toEqual([400, 'body_too_large']);
});

test('a batch with more faulty events than the proxy searches for is repeated some times, loses no good event, and ends', async () => {
  const { send, standIn, log } = await startCompatible();
  const faulty = Array.from({ length: 40 }, () => event({ type: 'group', event: undefined }));
  const good = Array.from({ length: 5 }, (_, i) => event({ event: `Event ${i}` }));
  const [first, ...others] = good;
  const batch = IOS.batch([first ?? {}, ...faulty, ...others]);
  let response = await send(batch);
  expect([response.status, response.headers.has('Retry-After')]).toEqual([503, true]);
  let attempts = 1;
  for (; response.status === 503 && attempts < 30; attempts += 1) response = await send(batch);
  // Of at least three faulty events in each attempt the proxy knows next time.
  expect(attempts).toBeLessThan(20);
  const rejected = await rejectedIn(response);
  expect(new Set(rejected?.map(({ messageId }) => messageId))).toEqual(
    new Set(faulty.map(({ messageId }) => messageId)),
  );
  expect([...(await standIn.names())].sort()).toEqual(good.map(({ event: name }) => name));
  expect(log.filter(({ status }) => status === 503).every(({ events }) => events === undefined)).toBe(true);
});

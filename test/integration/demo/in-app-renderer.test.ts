// @vitest-environment node
/** The script of the stand-in renderer: what it posts, and when. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RendererVariant } from '../../../demo/pipelines/in-app/settings.ts';
import { packHtml } from '../../support/site/in-app-message.ts';
import {
  asked,
  closeWindows,
  load as loadFrom,
  type Posted,
  type Renderer,
} from './in-app-renderer-setup.ts';
import { type Running, startStandIn } from './in-app-setup.ts';

let running: Running;
beforeEach(async () => {
  running = await startStandIn();
});
afterEach(async () => {
  await running.stop();
  await closeWindows();
});

const load = (variant?: RendererVariant, isOpaque?: boolean): Promise<Renderer> =>
  loadFrom(running, variant, isOpaque);
const last = ({ posted }: Renderer): Posted | undefined => posted.at(-1);

describe('a message', () => {
  test('is unpacked and shown, and the site is told', async () => {
    const renderer = await load();
    await renderer.open('<p>Grüße</p>');
    expect(renderer.text()).toContain('Grüße');
    expect(renderer.methods().slice(0, 4)).toEqual([
      'bootstrapped',
      'routeLoaded',
      'titleChanged',
      'sizeChanged',
    ]);
    expect(new Set(renderer.posted.map(({ instanceId }) => instanceId))).toEqual(new Set(['i1']));
    expect(renderer.posted[1]?.parameters).toEqual({ route: 'gist-html-q1' });
    expect(renderer.posted[2]?.parameters).toEqual({ title: 'A message' });
    expect(last(renderer)?.parameters).toEqual({ width: expect.any(Number), height: expect.any(Number) });
  });

  test('is shown anew with each post of options', async () => {
    const renderer = await load();
    await renderer.open('<p>first</p>');
    await renderer.open('<p>second</p>');
    expect([renderer.text().includes('first'), renderer.text().includes('second')]).toEqual([false, true]);
    expect(renderer.methods().filter((method) => method === 'routeLoaded')).toHaveLength(2);
  });

  test('of a slow renderer comes after three seconds', async () => {
    const renderer = await load('V1-slow');
    const startedAt = performance.now();
    await renderer.open('<p>late</p>');
    expect(performance.now() - startedAt).toBeGreaterThan(2_900);
    expect(renderer.text()).toContain('late');
  });

  test('that cannot be unpacked is an error', async () => {
    const renderer = await load();
    await renderer.open('', { gist: { encodedMessageHtml: btoa('no gzip') }, waitFor: 'error' });
    expect(renderer.methods()).toEqual(['bootstrapped', 'error']);
  });

  test('of anybody but the site is ignored', async () => {
    const renderer = await load();
    const options = { instanceId: 'i1', properties: { gist: { encodedMessageHtml: packHtml('<p>x</p>') } } };
    renderer.post({ options }, false);
    for (const data of [null, 1, 'text', {}]) renderer.post(data);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(renderer.posted).toEqual([]);
  });
});

describe('taps', () => {
  test.each([
    ['gist://close', ''],
    ['gist://snooze?showIn=5', 'later'],
    ['gist://loadPage?url=/cart', 'cart'],
    ['https://a.example', 'buy'],
  ])('on an element with %s are told', async (action, name) => {
    const renderer = await load();
    await renderer.open(
      `<a id="it" href="https://other.example" data-action="${action}" data-name="${name}">Go</a>`,
    );
    renderer.click('#it');
    expect(last(renderer)).toEqual({
      method: 'tap',
      instanceId: 'i1',
      parameters: { action, name, system: false },
    });
  });

  test('of the system are marked', async () => {
    const renderer = await load();
    await renderer.open('<button data-action="https://a.example" data-system>Go</button>');
    renderer.click('button');
    expect(last(renderer)?.parameters).toMatchObject({ system: true });
  });

  test('come from message.dismiss() of the HTML too', async () => {
    const renderer = await load();
    await renderer.open('<p>x</p>');
    const { message } = renderer.window as unknown as {
      message: { dismiss(): void; track(name: string, payload: object): void };
    };
    message.dismiss();
    expect(last(renderer)?.parameters).toEqual({ action: 'gist://close', name: '', system: false });
    message.track('analytics:track', { event: 'Answered' });
    expect(last(renderer)).toMatchObject({
      method: 'eventDispatched',
      parameters: { name: 'analytics:track', payload: { event: 'Answered' } },
    });
  });
});

test('posts any method on demand', async () => {
  const renderer = await load();
  const titled = '{"method":"titleChanged","parameters":{"title":"Other"}}';
  await renderer.open(
    `<i id="a" data-post="routeError"></i><i id="b" data-post="error"></i><i id="c" data-post='${titled}'></i>`,
  );
  for (const id of ['a', 'b', 'c']) renderer.click(`#${id}`);
  expect(renderer.posted.slice(-3)).toEqual([
    { method: 'routeError', instanceId: 'i1' },
    { method: 'error', instanceId: 'i1' },
    { method: 'titleChanged', instanceId: 'i1', parameters: { title: 'Other' } },
  ]);
});

describe('steps', () => {
  const STEPS = `<div data-step="one" data-step-display='{"position":"top"}'><b data-go-step="two" data-name="next">Next</b></div>
    <div data-step="two" data-step-display='{"position":"bottom"}'>Two</div>`;
  const visible = ({ window }: Renderer): readonly (string | undefined)[] =>
    [...window.document.querySelectorAll('[data-step]')]
      .filter((step) => !(step as unknown as HTMLElement).hidden)
      .map((step) => (step as unknown as HTMLElement).dataset['step']);

  test('begin with the first, or with that of the options', async () => {
    const renderer = await load();
    await renderer.open(STEPS);
    expect(visible(renderer)).toEqual(['one']);
    expect(renderer.posted.find(({ method }) => method === 'routeLoaded')?.parameters).toEqual({
      route: 'gist-html-q1',
      fullDisplaySettings: { position: 'top' },
    });
    await renderer.open(STEPS, { stepId: 'two' });
    expect(visible(renderer)).toEqual(['two']);
  });

  test('stay inside the frame without capabilities', async () => {
    const renderer = await load();
    await renderer.open(STEPS);
    renderer.click('b');
    expect(visible(renderer)).toEqual(['two']);
    expect(renderer.methods()).not.toContain('changeMessageStep');
    expect(renderer.methods()).not.toContain('stepChangeRequested');
  });

  test('are told as changed to a site that changes displays', async () => {
    const renderer = await load();
    await renderer.open(STEPS, { capabilities: ['MultiStepDisplayTypes'] });
    renderer.click('b');
    expect(renderer.posted.find(({ method }) => method === 'changeMessageStep')?.parameters).toEqual({
      messageStepName: 'two',
      displaySettings: { position: 'bottom' },
      name: 'next',
    });
    expect(visible(renderer)).toEqual(['two']);
  });

  test('wait for the answer of a site that changes pages', async () => {
    const renderer = await load();
    await renderer.open(STEPS, { capabilities: ['MultiStepDisplayTypes', 'CrossPageStepNavigation'] });
    renderer.click('b');
    const { parameters } = renderer.posted.find(({ method }) => method === 'stepChangeRequested') ?? {};
    expect(parameters).toMatchObject({ messageStepName: 'two', displaySettings: { position: 'bottom' } });
    renderer.post({ action: 'showStep', stepId: 'two', requestId: 'other' });
    expect(visible(renderer)).toEqual(['one']);
    renderer.post({ action: 'showStep', stepId: 'two', requestId: parameters?.['requestId'] });
    expect(visible(renderer)).toEqual(['two']);
  });
});

test('keeps color scheme and display settings where a test reads them', async () => {
  const renderer = await load();
  await renderer.open('<p>x</p>', { colorScheme: 'dark' });
  const { dataset } = renderer.window.document.documentElement;
  expect(dataset['colorScheme']).toBe('dark');
  renderer.post({ action: 'updateColorScheme', colorScheme: 'light' });
  renderer.post({ action: 'updateDisplaySettings', displaySettings: { position: 'top' } });
  expect([dataset['colorScheme'], dataset['displaySettings']]).toEqual(['light', '{"position":"top"}']);
});

describe('the variants', () => {
  test('V6 throws in an opaque origin, and works in another', async () => {
    await expect(load('V6', true)).rejects.toThrow('sandboxed');
    const renderer = await load('V6');
    await renderer.open('<p>x</p>');
    expect(renderer.methods()).toContain('routeLoaded');
  });

  test('V7 requests another host, and shows', async () => {
    asked.length = 0;
    const renderer = await load('V7');
    await renderer.open('<p>x</p>');
    expect(asked).toEqual(['https://engine.example/api/v1/configuration']);
    expect(renderer.methods()).toContain('routeLoaded');
  });

  test.each<[RendererVariant, readonly string[]]>([
    ['V8-silent', []],
    ['V8-error', ['bootstrapped', 'error']],
    ['V8-route-error', ['bootstrapped', 'routeError']],
  ])('%s posts %j, as page or as message', async (variant, methods) => {
    const waitFor = methods.at(-1) ?? null;
    const page = await load(variant);
    await page.open('<p>x</p>', { waitFor });
    expect(page.methods()).toEqual(methods);
    const single = await load('V1');
    await single.open('<p>x</p>', { messageId: `${variant}--m1`, waitFor });
    expect(single.methods()).toEqual(methods);
  });

  test('V8-foreign posts for another instance only', async () => {
    const renderer = await load('V8-foreign');
    await renderer.open('<button data-action="gist://close">x</button>');
    renderer.click('button');
    expect(renderer.methods()).toContain('routeLoaded');
    expect(new Set(renderer.posted.map(({ instanceId }) => instanceId))).toEqual(
      new Set(['foreign-instance']),
    );
  });
});

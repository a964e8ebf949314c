import type { Receipt } from '../../../src/sdk/api.ts';
import type { Expected } from './expected-events.ts';
import { facts } from './facts.ts';
import type { Tab, World } from './world.ts';

/**
 * The calls of the application. Each call is recorded with the event that must arrive; after the call, its
 * arguments are changed.
 */

interface Made {
  readonly type: Expected['type'];
  readonly event?: string;
  readonly given: unknown;
  readonly receipt: Promise<Receipt>;
}

interface Properties {
  n: number;
  text: string;
  list: unknown[];
}

export function callSomething(world: World, tab: Tab): void {
  const { random, expectedEvents, clock } = world;
  const n = expectedEvents.calls.length;
  const properties: Properties = {
    n,
    text: 'ü'.repeat(random.below(random.chance(0.02) ? 18_000 : 60)),
    list: [{ deep: n }],
  };
  const copy = structuredClone(properties);
  const { page, analytics, path } = tab;
  const isHeld = analytics.consent.state === 'pending';
  const at = clock.now();
  const options = { context: { n } };
  let made: Made | undefined;
  page.run(() => {
    made = makeCall(world, tab, properties, copy, options);
  });
  if (!made) return;
  const user = analytics.user();
  const { type, event = null, given, receipt } = made;
  const unknown = isHeld || analytics.consent.state !== 'granted';
  const call = expectedEvents.make(page.name, world.nowMs(), {
    type,
    event,
    userId: unknown ? undefined : page.ask(() => user.id() ?? null),
    anonymousId: unknown ? undefined : page.ask(() => String(user.anonymousId())),
    groupId: type === 'group' ? 'g1' : null,
    timestamp: new Date(at).toISOString(),
    path,
    given: unknown && (type === 'identify' || type === 'group') ? undefined : given,
  });
  tab.calls.push(call);
  // A later change of the arguments must not change the event.
  properties.text = 'changed';
  properties.list.push('changed');
  void receipt.then((answer) => {
    if (page.life() !== 'gone') world.attempt(() => expectedEvents.answer(call, answer));
  });
}

function makeCall(
  { random }: World,
  tab: Tab,
  properties: Properties,
  copy: Properties,
  options: { readonly context: { readonly n: number } },
): Made {
  const { analytics } = tab;
  const given = properties as unknown as Record<string, unknown>;
  const roll = random.below(100);
  if (roll < 72) {
    const event = roll < 2 ? 'poison' : roll < 4 ? 'private' : `event${copy.n}`;
    return { type: 'track', event, given: copy, receipt: analytics.track(event, given, options) };
  }
  if (roll < 84) {
    const { path, title, referrer, search, href } = facts(tab.path);
    const receipt = analytics.page('Home', given, options);
    return {
      type: 'page',
      given: { path, title, referrer, search, url: href, ...copy, name: 'Home' },
      receipt,
    };
  }
  if (roll < 94) {
    const id = random.pick(['ann', 'bob', 'cem'] as const);
    const receipt = analytics.identify(id, given, options);
    const { userId, traits } = { userId: analytics.user().id(), traits: analytics.user().traits() };
    if (analytics.consent.state === 'granted' && userId !== id)
      throw new Error(`identify(${id}) made ${userId}`);
    return { type: 'identify', given: traits, receipt };
  }
  const receipt = analytics.group('g1', given, options);
  return { type: 'group', given: analytics.group().traits(), receipt };
}

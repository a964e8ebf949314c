/**
 * Customer.io's own message host (customerio-gist-web 3.26.0, in Customer.io's SDK) and ours do the same things on the same page,
 * with the same stand-in of Customer.io. Both have to lead to the same list of messages that were shown and dismissed, requests to
 * the in-app service, and events. Wanted differences stand with the scenarios, each with its reason; any other one fails, and
 * so does a wanted one that is no difference any more.
 */
import { differencesOf, type StepFacts } from '../../support/messages/oracle-facts.ts';
import { runSteps, type VisitOptions } from '../../support/messages/oracle-visit.ts';
import { buildVendorMessages } from '../../support/build/vendor-messages.ts';
import { type ServerProcess, startServer } from '../../support/server/process.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { expect, test as base } from 'playwright/test';
import { BROADCAST_SCENARIOS } from './oracle-broadcast-scenarios.ts';
import { QUEUE_SCENARIOS } from './oracle-queue-scenarios.ts';

interface Origins {
  readonly ours: string;
  readonly vendor: string;
  readonly standIn: StandIn;
}

const test = base.extend<object, { readonly origins: Origins }>({
  origins: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
    async ({}, use, { workerIndex }) => {
      const pipelines = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY: 'write-key' });
      const STAND_IN = pipelines.origin;
      const FOLDER = await buildVendorMessages(workerIndex, STAND_IN);
      const startSite = (SDK: string): Promise<ServerProcess> =>
        startServer('test/support/messages/oracle-site.ts', { SDK, STAND_IN, FOLDER });
      const [ours, vendor] = await Promise.all([startSite('ours'), startSite('vendor')]);
      await use({ ours: ours.origin, vendor: vendor.origin, standIn: createStandIn(STAND_IN) });
      await Promise.all([pipelines.stop(), ours.stop(), vendor.stop()]);
    },
    { scope: 'worker' },
  ],
});

for (const { name, steps, wanted, anonymous = false } of [...QUEUE_SCENARIOS, ...BROADCAST_SCENARIOS]) {
  test(`${name}: both SDKs lead to the same facts`, async ({ browser, origins }, info) => {
    test.setTimeout(120_000);
    const { standIn } = origins;

    async function factsOf(sdk: 'ours' | 'vendor'): Promise<readonly StepFacts[]> {
      await standIn.forget();
      // With an inbox, Customer.io's SDK adds a button for it to the page.
      await standIn.inAppSettings({ inboxEnabled: false });
      const context = await browser.newContext();
      const errors: string[] = [];
      if (sdk === 'ours') context.on('weberror', (error) => errors.push(String(error.error().stack)));
      const visit: VisitOptions = { context, origin: origins[sdk], standIn, anonymous };
      const facts = await runSteps(steps, visit);
      await info.attach(sdk, { body: JSON.stringify(facts, null, 2) });
      await context.close();
      expect(errors).toEqual([]);
      return facts;
    }

    const theirs = await factsOf('vendor');
    const ours = await factsOf('ours');
    const expected = wanted.map(({ why: _why, ...difference }) => difference);
    expect(differencesOf(ours, theirs)).toEqual(expected);
  });
}

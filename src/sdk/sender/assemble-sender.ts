import { clock, cookieJar, gzip, lifecycle, local, pageUrl, random, request } from '../browser.ts';
import { basicAuthorization, BATCH_PATH, CLIENT_KEY_HEADER, inBytes } from '../../protocol/wire.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import { createAcknowledgements } from './acknowledgements.ts';
import type { Sender, SenderNeeds } from './contract.ts';
import { createProxyMemory } from './proxy-memory.ts';
import { createSender } from './sender.ts';
import { createTransport, type Transport } from './transport.ts';

/** How long a page that was quiet waits before it sends: a click that leads elsewhere has its event in the page's last request. */
const GATHER_MS = 1_000;

export interface SendingNeeds extends Pick<SenderNeeds, 'ending' | 'fail' | 'hasHeir' | 'leads' | 'tell'> {
  readonly settings: Pick<AnalyticsSettings, 'clientKey' | 'delivery' | 'proxyUrl'>;
  /** The beginning of all keys in localStorage. */
  readonly scope: string;
  /** Distinguishes this page from others. */
  readonly page: string;
  /** Whether the visitor still consents: otherwise nothing is stored. */
  mayWrite(): boolean;
  /** Returns the outbox, and the transport with what authorises its requests. */
  guard(transport: Transport): Pick<SenderNeeds, 'outbox' | 'transport'>;
}

/** Makes the sender of a core, with its transport and with what both remember of the proxy. */
export function assembleSender(needs: SendingNeeds): Sender {
  const { scope } = needs;
  const { clientKey, delivery, proxyUrl } = needs.settings;
  const url = proxyUrl + BATCH_PATH;
  const proxyMemory = createProxyMemory(local, scope, clock, needs.mayWrite);
  const transport = createTransport({
    delivery,
    url,
    clock,
    // Encoded with the first request, because a page of a test may have no TextEncoder.
    get clientKey() {
      const header = delivery.clientKeyHeader;
      return { [header]: (header === CLIENT_KEY_HEADER ? inBytes : basicAuthorization)(clientKey) };
    },
    request,
    gzip,
    proxyMemory,
  });
  return createSender({
    ...needs,
    ...needs.guard(transport),
    clock,
    lifecycle,
    batch: { maxEvents: delivery.maxBatchEvents, maxBytes: delivery.maxBatchBytes },
    flushIntervalMs: delivery.flushIntervalMs,
    gatherMs: Math.min(GATHER_MS, delivery.flushIntervalMs),
    random,
    proxyMemory,
    acknowledgements: pageUrl().startsWith(`${new URL(url).origin}/`)
      ? createAcknowledgements(local, scope, needs.page, clock, cookieJar)
      : undefined,
    diagnosis: (diagnosisNeeds, actions) =>
      import('./diagnosis.ts').then(({ create }) =>
        create(diagnosisNeeds, actions, { url, secret: clientKey }),
      ),
    onUnauthorized: (status) => needs.fail('invalid-client-key', `${proxyUrl} refuses with status ${status}`),
  });
}

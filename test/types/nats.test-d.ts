/**
 * Compiled by `tsc -p test/tsconfig.json`, never run: the types of the clients `@nats-io/jetstream` and
 * `@nats-io/kv` fit without a cast.
 */
import type { Consumer, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import * as jetstreamLibrary from '@nats-io/jetstream';
import type { KV, KvEntry } from '@nats-io/kv';
import * as transport from '@nats-io/transport-node';
import type { NatsLibrary } from '../../src/cli/brokers/nats-library.ts';
import {
  type DeduplicateStore,
  forwardFromNats,
  type NatsBucket,
  type NatsConsumer,
  type NatsEntry,
  type NatsForwarding,
  type NatsMessage,
  type NatsPublisher,
  natsStore,
  toNats,
} from '../../src/nats.ts';
import { createForwarder, createProxy, type Deliver } from '../../src/proxy.ts';

declare const jetstream: JetStreamClient;
declare const consumer: Consumer;
declare const message: JsMsg;
declare const kv: KV;
declare const entry: KvEntry;

export const parts: [NatsPublisher, NatsConsumer, NatsMessage] = [jetstream, consumer, message];
export const deliver: Deliver = toNats({
  jetstream,
  subject: 'cio.batches',
  timeoutMs: 1,
  maxMessageBytes: 1,
});
createProxy({ writeKey: 'write-key', clientKeys: ['web'], deliver: toNats({ jetstream, subject: 's' }) });
const forwarder = createForwarder({ writeKey: async () => 'write-key', region: 'eu' });
export const forwarding: NatsForwarding = forwardFromNats({
  consumer,
  forwarder,
  park: (bytes, reason) => jetstream.publish(`cio.parked.${reason}`, bytes),
});
export const store: DeduplicateStore = natsStore(kv);
export const ofBuckets: [NatsBucket, NatsEntry] = [kv, entry];
// @ts-expect-error the promise of the bucket must be awaited
natsStore(Promise.resolve(kv));
// @ts-expect-error the handler of messages that are never forwarded is missing
forwardFromNats({ consumer, forwarder });
// @ts-expect-error the subject is missing
toNats({ jetstream });
// @ts-expect-error the key is missing
createForwarder({ region: 'eu' });
// @ts-expect-error a forwarder has no client keys
createForwarder({ writeKey: 'write-key', clientKeys: ['web'] });
/** The libraries that the command line loads. */
export const ofCommandLine: NatsLibrary = { ...transport, ...jetstreamLibrary };

/**
 * A stand-in for the part of kafkajs that the recipe uses, with the types of kafkajs: topics of two
 * partitions, and consumers that read the messages of a partition one by one and commit each when
 * `eachMessage` has returned. Topics and offsets stay when a consumer ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, ConsumerRunConfig, KafkaMessage, Producer } from 'kafkajs';

const PARTITIONS = 2;

export interface KafkaStandIn {
  /** The object that `new Kafka()` returns. */
  readonly client: {
    producer(): Pick<Producer, 'connect' | 'send'>;
    consumer(config: { readonly groupId: string }): Pick<Consumer, 'connect' | 'subscribe' | 'run'>;
  };
  /** The values of a topic's messages, by partition. */
  topic(name: string): readonly (readonly string[])[];
  /** The number of messages that no consumer has committed yet. */
  lag(name: string): number;
  /** Whether the broker accepts messages. */
  accepts: boolean;
  /** Ends all consumers at once. */
  crash(): void;
}

interface Partition {
  readonly messages: KafkaMessage[];
  committed: number;
}

export function createKafka(): KafkaStandIn {
  const topics = new Map<string, readonly Partition[]>();
  let life = 0;

  function partitions(name: string): readonly Partition[] {
    const known = topics.get(name);
    if (known) return known;
    const made = Array.from({ length: PARTITIONS }, (): Partition => ({ messages: [], committed: 0 }));
    topics.set(name, made);
    return made;
  }

  async function consume(topic: string, index: number, { eachMessage }: ConsumerRunConfig): Promise<void> {
    const mine = life;
    const partition = partitions(topic)[index];
    while (partition && mine === life) {
      const message = partition.messages[partition.committed];
      if (!message) {
        await sleep(5);
        continue;
      }
      const heartbeat = async (): Promise<void> => {};
      const pause = (): (() => void) => () => {};
      try {
        await eachMessage?.({ topic, partition: index, message, heartbeat, pause });
        if (mine === life) partition.committed += 1;
      } catch {
        await sleep(5);
      }
    }
  }

  const standIn: KafkaStandIn = {
    accepts: true,
    client: {
      producer: () => ({
        connect: async () => {},
        async send({ topic, messages }) {
          await sleep(1);
          if (!standIn.accepts) throw new Error('There is no leader for this topic-partition');
          for (const { key, value } of messages) {
            const bytes = Buffer.from(key ?? '');
            const partition = partitions(topic)[(bytes.at(-1) ?? 0) % PARTITIONS];
            partition?.messages.push({
              key: bytes,
              value: value === null ? null : Buffer.from(value),
              timestamp: String(Date.now()),
              attributes: 0,
              headers: {},
              offset: String(partition.messages.length),
            });
          }
          return [];
        },
      }),
      consumer() {
        let subscribed: readonly string[] = [];
        return {
          connect: async () => {},
          async subscribe(subscription) {
            if ('topics' in subscription) subscribed = subscription.topics.map(String);
          },
          async run(config = {}) {
            for (const topic of subscribed)
              for (let index = 0; index < PARTITIONS; index += 1) void consume(topic, index, config);
          },
        };
      },
    },
    topic: (name) => partitions(name).map(({ messages }) => messages.map(({ value }) => String(value))),
    lag: (name) =>
      partitions(name).reduce((sum, { messages, committed }) => sum + messages.length - committed, 0),
    crash: () => void (life += 1),
  };
  return standIn;
}

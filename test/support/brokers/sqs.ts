/**
 * A stand-in for the HTTP interface of Amazon SQS:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../server/listen.ts';

interface Held {
  readonly id: string;
  readonly body: string;
  visibleAtMs: number;
  received: number;
  handle: string;
}

/** The fields of requests, by the names that SQS gives them. */
interface Asked {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly MaxNumberOfMessages: number;
  readonly WaitTimeSeconds: number;
  readonly VisibilityTimeout: number;
  readonly ReceiptHandle: string;
}

export interface SqsStandIn {
  readonly server: Server;
  queueUrl(name: string): string;
  bodies(name: string): readonly string[];
  /** Whether the queue accepts messages. */
  accepts: boolean;
  /**
   * Makes messages that were received but not deleted available again, as SQS does after their visibility
   * timeout.
   */
  expire(name: string): void;
}

const LONGEST_BODY_BYTES = 262_144;
/** The longest wait for messages that a test needs. */
const LONGEST_WAIT_MS = 200;

export async function startSqs(): Promise<SqsStandIn> {
  const queues = new Map<string, Held[]>();
  const queueOf = (url: string): Held[] => {
    const queue = queues.get(url) ?? [];
    queues.set(url, queue);
    return queue;
  };

  async function receive(asked: Asked): Promise<object> {
    const queue = queueOf(asked.QueueUrl);
    const endsAtMs = Date.now() + Math.min(asked.WaitTimeSeconds * 1_000, LONGEST_WAIT_MS);
    for (;;) {
      const now = Date.now();
      const taken = queue.filter(({ visibleAtMs }) => visibleAtMs <= now).slice(0, asked.MaxNumberOfMessages);
      if (taken.length === 0 && now < endsAtMs) {
        await sleep(5);
        continue;
      }
      for (const each of taken) {
        each.visibleAtMs = now + asked.VisibilityTimeout * 1_000;
        each.received += 1;
        each.handle = randomUUID();
      }
      const Messages = taken.map(({ id, body, handle, received }) => ({
        MessageId: id,
        ReceiptHandle: handle,
        Body: body,
        MD5OfBody: md5(body),
        Attributes: { ApproximateReceiveCount: String(received) },
      }));
      return taken.length === 0 ? {} : { Messages };
    }
  }

  async function answer(action: string, asked: Asked): Promise<object | null> {
    const queue = queueOf(asked.QueueUrl);
    const found = queue.findIndex(({ handle }) => handle !== '' && handle === asked.ReceiptHandle);
    switch (action) {
      case 'SendMessage': {
        if (!standIn.accepts || Buffer.byteLength(asked.MessageBody) > LONGEST_BODY_BYTES) return null;
        const id = randomUUID();
        queue.push({ id, body: asked.MessageBody, visibleAtMs: 0, received: 0, handle: '' });
        return { MessageId: id, MD5OfMessageBody: md5(asked.MessageBody) };
      }
      case 'ReceiveMessage':
        return receive(asked);
      case 'DeleteMessage':
        if (found >= 0) queue.splice(found, 1);
        return {};
      case 'ChangeMessageVisibility': {
        const held = queue[found];
        if (!held) return null;
        held.visibleAtMs = Date.now() + asked.VisibilityTimeout * 1_000;
        return {};
      }
      default:
        return null;
    }
  }

  const { server, port } = await listen(
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '');
        void answer(action, JSON.parse(Buffer.concat(chunks).toString()) as Asked).then((body) => {
          const refused = { __type: 'com.amazonaws.sqs#InvalidParameterValue', message: 'refused' };
          response.writeHead(body ? 200 : 400, { 'Content-Type': 'application/x-amz-json-1.0' });
          response.end(JSON.stringify(body ?? refused));
        });
      });
    }),
  );
  const queueUrl = (name: string): string => `http://127.0.0.1:${port}/000000000000/${name}`;
  const standIn: SqsStandIn = {
    server,
    accepts: true,
    queueUrl,
    bodies: (name) => queueOf(queueUrl(name)).map(({ body }) => body),
    expire(name) {
      for (const each of queueOf(queueUrl(name))) each.visibleAtMs = 0;
    },
  };
  return standIn;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/**
 * The client with which the guide's Node sample sends: it accepts a call at once, delivers later, and ignores
 * whether the delivery succeeds.
 */
import { EVENT_TYPES } from '../../../../src/protocol/wire.ts';

export type Enqueue = (event: Readonly<Record<string, unknown>>) => void;

export function isCall(type: unknown): boolean {
  return (EVENT_TYPES as readonly unknown[]).includes(type);
}

/**
 * @throws when a call has no user id, anonymous id, previous id or group id, or a `track` call has no name
 */
export function createCustomerio(url: string, writeKey: string): Enqueue {
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  let waiting: Readonly<Record<string, unknown>>[] = [];

  async function deliver(): Promise<void> {
    const body = JSON.stringify({ batch: waiting });
    waiting = [];
    await fetch(`${url}/v1/batch`, {
      method: 'POST',
      headers: { Authorization: authorization, 'Content-Type': 'application/json' },
      body,
    });
  }

  return (event) => {
    const { type, userId, anonymousId, previousId, groupId } = event;
    if (!userId && !anonymousId && !previousId && !groupId) throw new Error('A call must be of somebody');
    if (type === 'track' && typeof event['event'] !== 'string') throw new Error('event must be a string');
    // The first call of a batch schedules the delivery of all calls of the same task.
    if (waiting.length === 0) setImmediate(() => void deliver().catch(() => {}));
    waiting.push(event);
  };
}

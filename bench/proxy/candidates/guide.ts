import type { RequestListener } from 'node:http';
import { Analytics } from '@customerio/cdp-analytics-node';
import express from 'express';
import { EVENT_TYPES } from '../../../src/protocol/wire.ts';
import { CLIENT_KEY, WRITE_KEY } from '../load.ts';

/** The Node proxy of Customer.io's public guide, as its sample behaves: Express, and Customer.io's own package behind it. */
export function guide(upstreamUrl: string): RequestListener {
  const customerio = new Analytics({ writeKey: WRITE_KEY, host: upstreamUrl });
  const app = express();

  function isKnown(authorization = ''): boolean {
    if (!authorization.startsWith('Basic ')) return false;
    const [key = ''] = Buffer.from(authorization.slice(6), 'base64').toString().split(':');
    return key.startsWith(CLIENT_KEY.slice(0, -3));
  }

  function forward(event: Readonly<Record<string, unknown>>): void {
    const { type } = event;
    if (!(EVENT_TYPES as readonly unknown[]).includes(type)) throw new Error('Unknown event type');
    // Its methods differ in what they take; the sample gives each the event as it came.
    const methods = customerio as unknown as Record<string, (event: unknown) => void>;
    methods[String(type)]?.(event);
  }

  app.use((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      try {
        if (!isKnown(request.headers.authorization)) {
          response.status(401).json({ error: 'Unauthorized' });
          return;
        }
        const { batch } = JSON.parse(body) as { batch: readonly Readonly<Record<string, unknown>>[] };
        for (const event of batch) forward(event);
        response.status(200).json({ success: true });
      } catch {
        response.status(500).json({ error: 'Internal server error' });
      }
    });
  });
  return app;
}

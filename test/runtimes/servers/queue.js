import { env } from 'cloudflare:workers';
import { createForwarder, createProxy, packBatch } from 'cio-first-party/proxy';

const proxy = createProxy({
  writeKey: env.CIO_WRITE_KEY,
  clientKeys: ['client-api-key-web'],
  deliver: async (batch) => {
    // A message may have 128 KB.
    for (const { text } of await packBatch(batch, { maxBytes: 120_000 }))
      await env.BATCHES.send(text, { contentType: 'text' });
  },
});
const forwarder = createForwarder({ writeKey: env.CIO_WRITE_KEY, upstreamUrl: env.CIO_UPSTREAM_URL });

async function forward(message) {
  const outcome = await forwarder.forward(message.body, { attempt: message.attempts });
  if (outcome.kind === 'later') {
    message.retry({ delaySeconds: Math.ceil(outcome.delayMs / 1_000) });
    return;
  }
  if (outcome.kind === 'never') await env.PARKED.send(message.body, { contentType: 'text' });
  message.ack();
}

export default {
  fetch: proxy.fetch,
  queue: async ({ messages }) => {
    const done = await Promise.allSettled(messages.map(forward));
    done.forEach(({ status }, i) => status === 'rejected' && messages[i].retry());
  },
};

import type { QueueMessage } from '../../protocol/messages.ts';

const PAYLOADS = 'script[type="application/json"][data-cio-embed-payload]';

/** How often an embedded message is shown, by Customer.io's words: as the frequency of a broadcast. */
const FREQUENCIES: Readonly<Record<string, object>> = {
  always: { count: 0, delay: 0, ignoreDismiss: true },
  untilDismissed: { count: 0, delay: 0 },
  onceEver: { count: 1, delay: 0 },
};

type Fields = Readonly<Partial<Record<string, unknown>>>;

/**
 * Returns the messages that the page itself contains, as Customer.io writes them into pages: a JSON script with the message, and an
 * element `[data-cio-embed="id"]` in which it is shown. A payload that cannot be read is left out.
 */
export function findEmbeds(page: Document): readonly QueueMessage[] {
  return Array.from(page.querySelectorAll(PAYLOADS)).flatMap((script): readonly QueueMessage[] => {
    try {
      const payload = JSON.parse(script.textContent) as Fields;
      const id = (payload['embedId'] ?? script.getAttribute('data-cio-embed-payload')) as string;
      const { messageId, properties } = payload['message'] as Fields &
        Pick<QueueMessage, 'messageId' | 'properties'>;
      const gist = properties['gist'] as Fields;
      const { frequency = 'always' } = Object.assign({}, payload['display'], gist['embed']) as {
        frequency?: string;
      };
      return [
        {
          queueId: `embed ${id}`,
          messageId,
          properties: {
            ...properties,
            gist: {
              ...gist,
              elementId: payload['target'] ?? `[data-cio-embed="${CSS.escape(id)}"]`,
              tooltipPosition: undefined,
              broadcast: { frequency: FREQUENCIES[frequency] ?? FREQUENCIES['always'] },
            },
          },
        },
      ];
    } catch {
      return [];
    }
  });
}

/** The name by which the file of in-app messages imports this one. */
export { findEmbeds as create };

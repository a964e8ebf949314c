/** Stand-ins for Customer.io's services of in-app messages. */
export const IN_APP_URL = 'https://in-app.example.com';
export const RENDERER_URL = 'https://renderer.example.com';
export const CODE_URL = 'https://code.example.com';
export const REALTIME_URL = 'https://realtime.example.com';
export const SITE_ID = 'site-id-of-the-workspace';
export const GUEST_SECRET = 'a secret of anonymous messages, 32 bytes';

const MESSAGES = [
  { queueId: 'q1', messageId: 'm1', properties: { gist: { campaignId: 'delivery-1' } }, userToken: 'u1' },
  {
    queueId: 'q2',
    messageId: 'm2',
    properties: { gist: { broadcast: { broadcastIdInt: 7, templateId: 3 } } },
  },
];
const INBOX = [{ queueId: 'i1', deliveryId: 'delivery-1', sentAt: '2026-01-02T03:04:05Z', opened: false }];
const COOKIE = { 'Set-Cookie': 'id-of-the-service=1; Path=/' };

/** The answer of a service that works; `null`: the URL is of none of them. */
export function goodAnswer(url: string): Response | null {
  const { origin, pathname } = new URL(url);
  switch (origin) {
    case IN_APP_URL: {
      const queue = JSON.stringify({ inAppMessages: MESSAGES, inboxMessages: INBOX });
      return new Response(pathname === '/api/v4/users' ? queue : '{}', { headers: COOKIE });
    }
    case REALTIME_URL: {
      const events = `event: connected\ndata: {"heartbeat":30}\n\nevent: messages\ndata: ${JSON.stringify(MESSAGES)}\n\n`;
      return new Response(events, { headers: { ...COOKIE, 'Content-Type': 'text/event-stream' } });
    }
    case RENDERER_URL:
    case CODE_URL: {
      const type = pathname.endsWith('.html') ? 'text/html' : 'text/javascript';
      const body = type === 'text/html' ? '<script src="main.js"></script>' : 'self.x = 1;';
      return new Response(body, { headers: { ...COOKIE, 'Content-Type': type } });
    }
    default:
      return null;
  }
}

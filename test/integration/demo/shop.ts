/** The demo's server with the stand-in for Customer.io, and visitors that use it over real HTTP. */
import { createFaultSwitches } from '../../../demo/faults.ts';
import { close, listen } from '../../../demo/http.ts';
import { createDemo } from '../../../demo/server.ts';
import type { TokenReport } from '../../../demo/account/token-life.ts';
import { startStandIn, type Upstream } from '../../../demo/upstream.ts';

export const ADA = { name: 'Ada Fell', email: 'ada@example.com', season: 'Autumn' };
export const BEN = { name: 'Ben Ridge', email: 'ben@example.com', season: 'Summer' };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One browser, which keeps its session cookie. */
export interface Visitor {
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Signs a person in. Returns the id of the person. */
  signIn(person: object): Promise<string>;
  token(userId: string, reason?: string): Promise<Answer>;
  /** Makes a private call with this customer token. */
  call(path: string, token: unknown, body?: object): Promise<Answer>;
}

export interface Shop {
  readonly origin: string;
  visitor(): Visitor;
  faults(faults: object): Promise<void>;
  tokens(): Promise<TokenReport>;
  /** The first message of the console's event stream. */
  snapshot(): Promise<string>;
  close(): Promise<unknown>;
}

/** @param change changes the stand-in */
export async function openShop(
  change: (upstream: Upstream) => Upstream = (upstream) => upstream,
): Promise<Shop> {
  const switches = createFaultSwitches();
  const upstream = change(await startStandIn(switches, 0));
  const demo = createDemo({ upstream, switches });
  const origin = await listen(demo.server, 0);

  function visitor(): Visitor {
    let cookie = '';
    const ask: Visitor['ask'] = async (method, path, body, headers = {}) => {
      const response = await fetch(origin + path, {
        method,
        headers: { Origin: origin, 'Content-Type': 'application/json', Cookie: cookie, ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      cookie = response.headers.get('Set-Cookie')?.split(';', 1)[0] ?? cookie;
      const text = await response.text();
      const said = (text === '' ? {} : JSON.parse(text)) as Answer['body'];
      return { status: response.status, headers: response.headers, body: said };
    };
    return {
      ask,
      async signIn(person) {
        const { body } = await ask('POST', '/account/session', person);
        return (body['person'] as { id: string }).id;
      },
      token: (userId, reason = 'identify') => ask('POST', '/account/token', { userId, reason }),
      call: (path, token, body = {}) =>
        ask('POST', `/e${path}`, body, {
          Authorization: `Bearer ${String(token)}`,
          'X-CIO-Client-Key': 'demo-shop-web',
        }),
    };
  }

  async function snapshot(): Promise<string> {
    const stop = new AbortController();
    const response = await fetch(`${origin}/console/stream`, { signal: stop.signal });
    let text = '';
    for await (const bytes of response.body ?? []) {
      text += new TextDecoder().decode(bytes);
      if (/event: snapshot\ndata: .*\n\n/.test(text)) break;
    }
    stop.abort();
    return text;
  }

  return {
    origin,
    visitor,
    async faults(faults) {
      const body = JSON.stringify(faults);
      const { ok } = await fetch(`${origin}/console/faults`, { method: 'POST', body });
      if (!ok) throw new Error(`no such faults: ${body}`);
    },
    async tokens() {
      const data = /data: (.*)\n\n/.exec(await snapshot())?.[1] ?? '';
      return (JSON.parse(data) as { tokens: TokenReport }).tokens;
    },
    snapshot,
    close() {
      demo.close();
      return Promise.all([close(demo.server), upstream.close()]);
    },
  };
}

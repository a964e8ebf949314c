/**
 * An HTTP proxy that the browsers use for all hosts but this machine. It notes the host of each request, and
 * refuses the request: so it notices requests that a page cannot see, in every engine alike.
 */
import { createServer } from 'node:http';
import { listen } from '../support/server/listen.ts';

/** The hosts that the browsers themselves contact, whatever page is open. */
const OWN_HOSTS = /\.(google|googleapis|gvt1|gvt2|mozilla|firefox)\.(com|org|net)(:|$)/;

export interface OuterHosts {
  readonly port: number;
  /** The host and port of each request since the last `forget`, without those that the browser makes on its own. */
  hosts(): readonly string[];
  forget(): void;
  close(): void;
}

export async function watchOuterHosts(): Promise<OuterHosts> {
  let hosts: string[] = [];
  const note = (host: string): void => void (OWN_HOSTS.test(host) || hosts.push(host));
  const refusing = createServer((request, response) => {
    note(new URL(request.url ?? '', 'http://unknown').host);
    response.writeHead(502).end();
  });
  // HTTPS
  refusing.on('connect', ({ url = '' }, socket) => {
    note(url);
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  const { server, port } = await listen(refusing);
  return {
    port,
    hosts: () => hosts,
    forget: () => void (hosts = []),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Starts a server on a free port of this machine. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  readonly server: Server;
  readonly port: number;
}

export async function listen(server: Server): Promise<Listening> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // the server listens on a port, so this is not a string or null
  const { port } = server.address() as AddressInfo;
  return { server, port };
}

/** Returns a port on which no server listens at the moment. */
export async function freePort(): Promise<number> {
  const { server, port } = await listen(createServer());
  server.close();
  await once(server, 'close');
  return port;
}

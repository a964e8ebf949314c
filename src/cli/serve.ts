import { once } from 'node:events';
import type { Server } from 'node:http';

/** How long requests in flight may take to end, in milliseconds. Container platforms kill after 30 seconds or less. */
const GRACE_MS = 20_000;

/** Starts to listen. Answers where, as a URL. @throws what `listen` reports: the port is taken, the address is not ours */
export async function listen(server: Server, port: number, host: string | undefined): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') return String(address);
  // What listens on every address is reached on this one.
  const name = host ?? 'localhost';
  return `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`;
}

/** Waits for SIGTERM or SIGINT, then accepts nothing new, lets what is in flight end, and is done. */
export async function untilStopped(server: Server): Promise<void> {
  let stopping = false;
  server.on('request', (_, response) => {
    // A connection that is kept alive would hold the server open until its browser hangs up.
    response.on('close', () => {
      if (stopping) setImmediate(() => server.closeIdleConnections());
    });
  });

  await new Promise<void>((resolve) => {
    const stop = (): void => {
      stopping = true;
      // A second signal then does what it does to any program.
      process.off('SIGTERM', stop).off('SIGINT', stop);
      server.close(() => resolve());
      setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}

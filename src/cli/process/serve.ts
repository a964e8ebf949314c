import { once } from 'node:events';
import type { Server } from 'node:http';

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

export interface Stopping {
  /** How long requests in flight may take to end, in milliseconds. */
  readonly graceMs: number;
  /** Sees to what still comes in over connections that are open. */
  readonly onStop: () => void;
}

/**
 * Waits for SIGTERM or SIGINT, then accepts no connection any more, and lets what is in flight end. `cut-off`: not all of it
 * has, and something may still be running.
 */
export async function untilStopped(
  server: Server,
  { graceMs, onStop }: Stopping,
): Promise<'ended' | 'cut-off'> {
  let stopping = false;
  server.on('request', (_, response) => {
    // A connection that is kept alive would hold the server open until its browser hangs up.
    response.on('close', () => {
      if (stopping) setImmediate(() => server.closeIdleConnections());
    });
  });

  return new Promise((resolve) => {
    const stop = (): void => {
      stopping = true;
      onStop();
      // A second signal then does what it does to any program.
      process.off('SIGTERM', stop).off('SIGINT', stop);
      server.close(() => resolve('ended'));
      setTimeout(() => {
        resolve('cut-off');
        server.closeAllConnections();
      }, graceMs).unref();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}

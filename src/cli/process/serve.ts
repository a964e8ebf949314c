import { once } from 'node:events';
import type { Server } from 'node:http';

/**
 * Starts to listen. Returns the URL of the server. @throws the error of `listen`: the port is in use, or the host is no
 * address of this machine
 */
export async function listen(server: Server, port: number, host: string | undefined): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') return String(address);
  // A server that listens on all addresses is reached at `localhost`.
  const name = host ?? 'localhost';
  return `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`;
}

/** The message about an error of {@link listen}. */
export const cannotListen = (who: 'proxy' | 'forwarder', error: unknown): string =>
  `The ${who} cannot listen: ${error instanceof Error ? error.message : String(error)}. Set PORT to a free port, and HOST to an IP address of this machine.`;

/** How a server stops. */
export interface Stopping {
  /** How long requests in flight may take to end, in milliseconds. */
  readonly graceMs: number;
  /** Called at the signal. Requests that still arrive over open connections have to be handled from then on. */
  readonly onStop: () => void;
}

/**
 * Waits for SIGTERM or SIGINT, then accepts no new connections, and lets requests in flight end. `cut-off`: not all of
 * them have ended, and some may still be running.
 */
export async function untilStopped(
  server: Server,
  { graceMs, onStop }: Stopping,
): Promise<'ended' | 'cut-off'> {
  let stopping = false;
  server.on('request', (_, response) => {
    // A keep-alive connection would hold the server open until its browser closes it.
    response.on('close', () => {
      if (stopping) setImmediate(() => server.closeIdleConnections());
    });
  });

  return new Promise((resolve) => {
    const stop = (): void => {
      stopping = true;
      onStop();
      // A second signal ends the process at once, as in any program.
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

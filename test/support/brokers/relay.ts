/** A TCP relay to a port of this machine, which can hold back the bytes that the server sends. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** Holds back everything that the server sends from now on. */
  mute(): void;
  /** Delivers everything that was held back, and stops holding back. */
  unmute(): void;
  stop(): void;
}

export async function startRelay(to: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const kept: (() => void)[] = [];
  let isMute = false;
  const server = createServer((client) => {
    const distant = connect(to, '127.0.0.1');
    for (const socket of [client, distant]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.pipe(distant);
    distant.on('data', (bytes) => {
      const pass = (): void => void client.write(bytes);
      if (isMute) kept.push(pass);
      else pass();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // the server listens on a port, so this is not a string or null
  const { port } = server.address() as AddressInfo;
  return {
    port,
    mute: () => void (isMute = true),
    unmute() {
      isMute = false;
      for (const pass of kept.splice(0)) pass();
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

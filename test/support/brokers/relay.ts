/** A TCP connection to a port of this machine, on which the other end can be kept from being heard. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** From now on nothing that the server says arrives. */
  mute(): void;
  /** All of it arrives. */
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
  const { port } = server.address() as AddressInfo; // it listens to a port
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

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What a server has been sent: TCP payload, so headers are in it, and each connection counts from its first byte. */
export interface Meter {
  readonly requests: number;
  readonly bytes: number;
}

/** Answers a function that reads the meter. */
export function meter(server: Server): () => Meter {
  const open = new Set<Socket>();
  let closedBytes = 0;
  let requests = 0;
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      closedBytes += socket.bytesRead;
    });
  });
  server.on('request', () => requests++);
  return () => ({
    requests,
    bytes: [...open].reduce((sum, socket) => sum + socket.bytesRead, closedBytes),
  });
}

export const since = (now: Meter, before: Meter): Meter => ({
  requests: now.requests - before.requests,
  bytes: now.bytes - before.bytes,
});

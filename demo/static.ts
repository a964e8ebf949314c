/** Serves the files of `demo/public`. */
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Answers `GET` of a name below `folder`; `false` when there is no such file. Names are looked up in a listing. */
export async function sendFile(
  folder: URL,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const names = await readdir(folder, { recursive: true });
  const type = TYPES[path.extname(name)];
  if (type === undefined || !names.includes(path.normalize(name))) return false;
  const content = await readFile(new URL(name, folder));
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': content.byteLength,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : content);
  return true;
}

/** A load generator that costs little of the machine that also runs who is measured: https://github.com/wg/wrk */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { program } from '../../test/support/setup/programs.ts';

export interface Fire {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `place` in it is replaced by a text of the same length that is new for each request. */
  readonly body: string;
  readonly place: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface Fired {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Texts in Lua, whatever is in them: https://www.lua.org/manual/5.1/manual.html#2.1 */
const lua = (text: string): string =>
  `"${Array.from(Buffer.from(text), (byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

/** @throws where an answer was not 2xx, or a connection failed */
export async function fireWithWrk({ url, headers, body, place, connections, seconds }: Fire): Promise<Fired> {
  const folder = mkdtempSync(path.join(tmpdir(), 'cio-bench-'));
  const script = path.join(folder, 'load.lua');
  const fields = Object.entries(headers).map(([name, value]) => `[${lua(name)}] = ${lua(value)}`);
  // The counter begins at the time, so that two runs against one server send other events.
  writeFileSync(
    script,
    `local parts, size, n = nil, ${place.length}, ${Date.now() % 1e9} * 100
function init()
  local whole = wrk.format("POST", nil, { ${fields.join(', ')} }, ${lua(body)})
  parts = {}
  local from = 1
  while true do
    local at = string.find(whole, ${lua(place)}, from, true)
    if not at then break end
    parts[#parts + 1] = string.sub(whole, from, at - 1)
    from = at + size
  end
  parts[#parts + 1] = string.sub(whole, from)
end
function request()
  n = n + 1
  return table.concat(parts, string.sub(string.format("%0" .. size .. "d", n), -size))
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %f %f\\n", summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
`,
  );
  try {
    const { stdout } = await promisify(execFile)(program('wrk'), [
      '-t1',
      `-c${connections}`,
      `-d${seconds}`,
      '--timeout=30s',
      `-s${script}`,
      url,
    ]);
    const [, requests, errors, p50Us, p99Us] = (/RESULT (\d+) (\d+) (\S+) (\S+)/.exec(stdout) ?? []).map(
      Number,
    );
    if (requests === undefined || errors !== 0) throw new Error(`${errors} requests failed:\n${stdout}`);
    return { requests, p50Ms: (p50Us ?? 0) / 1_000, p99Ms: (p99Us ?? 0) / 1_000 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

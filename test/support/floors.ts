/**
 * The layers of `src/`, from the top down, and the folders (rooms) of each layer: a file imports values only
 * from its own folder or from a lower layer. Types may be imported from any folder on the same side, browser
 * or server.
 */
export const FLOORS: readonly (readonly string[])[] = [
  ['cli/main.ts'],
  ['cli/program.ts'],
  ['cli/commands.ts'],
  ['cli/check', 'cli/forward', 'cli/migrate', 'cli/proxy', 'cli/snippet'],
  ['cli/brokers'],
  ['cli/settings'],
  ['cli/process', 'cli/command.ts'],

  ['index.ts', 'consent.ts', 'proxy.ts', 'nats.ts', 'redis.ts', 'official.ts'],

  ['sdk/script'],
  ['sdk/create-analytics.ts', 'sdk/api.ts', 'sdk/vendor-api.ts', 'sdk/official'],
  ['sdk/client'],
  ['sdk/core'],
  ['sdk/page-views', 'sdk/private', 'sdk/customerio'],
  ['sdk/messages'],
  ['sdk/plugins', 'sdk/identity', 'sdk/auth'],
  [
    'sdk/event',
    'sdk/sender',
    'sdk/consent',
    'sdk/tabs',
    'sdk/outbox',
    'sdk/options',
    'sdk/debug',
    'sdk/messages/display',
  ],
  ['sdk/events.ts', 'sdk/browser.ts'],

  ['proxy/nats', 'proxy/redis'],
  ['proxy/create-proxy.ts', 'proxy/proxy-options.ts'],
  ['proxy/handler.ts'],
  ['proxy/broker'],
  ['proxy/options'],
  ['proxy/messages', 'proxy/compatibility'],
  ['proxy/ingest', 'proxy/private'],
  ['proxy/deduplicate'],
  ['proxy/upstream', 'proxy/access'],
  ['proxy/tokens', 'proxy/files'],
  ['proxy/http', 'proxy/batch'],
  ['proxy/telemetry', 'proxy/lib'],

  ['protocol'],
];

/** Returns the folder of a file, such as `sdk/outbox` for `sdk/outbox/outbox.ts`. */
export const roomOf = (file: string): string | undefined =>
  FLOORS.flat()
    .filter((room) => file === room || file.startsWith(`${room}/`))
    // A folder inside a folder is a room of its own.
    .sort((one, other) => other.length - one.length)[0];

/** Returns the index of the layer of a folder; the top layer is 0. */
export const floorOf = (room: string): number => FLOORS.findIndex((rooms) => rooms.includes(room));

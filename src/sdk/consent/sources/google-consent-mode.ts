import { entriesOf, fieldsOf } from '../untrusted.ts';
import { globalNamed, runLater, type PlatformQueue, queueNamed, noStop } from '../platform-page.ts';
import { aText } from '../source-mistakes.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

/** The types of consent of Google Consent Mode 2. */
export type GoogleConsentType =
  | 'ad_storage'
  | 'ad_user_data'
  | 'ad_personalization'
  | 'analytics_storage'
  | 'functionality_storage'
  | 'personalization_storage'
  | 'security_storage';

/** Options of `googleConsentMode`. */
export interface GoogleConsentModeOptions extends SourceOptions<GoogleConsentType> {
  /** Name of the global with the page's data layer. @default 'dataLayer' */
  readonly dataLayer?: string;
}

const DEFAULT_REQUIRED: readonly GoogleConsentType[] = ['analytics_storage'];

/**
 * Creates a consent source of Google Consent Mode 2. Reads the `consent` commands in the data layer: an `update` decides; a
 * `default` decides only where it grants all types of `require`, in every region, and `wait_for_update` is over. Default of
 * `require`: `analytics_storage`. The source does not read commands that do not go through the data layer, such as those of
 * templates of a tag manager.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { googleConsentMode } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: googleConsentMode({ require: ['analytics_storage'] }),
 * });
 */
export function googleConsentMode(options: GoogleConsentModeOptions = {}): ConsentSource {
  const layerName = (): string => options.dataLayer ?? 'dataLayer';
  let commands: Commands | undefined;

  return createPlatformSource({
    name: 'googleConsentMode',
    options,
    kinds: { dataLayer: aText },
    required: DEFAULT_REQUIRED,
    read: () =>
      toReading(commands ?? commandsIn(globalNamed(layerName())), options.require ?? DEFAULT_REQUIRED),
    watch(changed, attempt) {
      const layer = queueNamed(layerName());
      // A tag manager removes old entries from the list, so the commands are kept here.
      const collected = commandsIn(layer);
      commands = collected;
      let stopWaiting = noStop;
      const wait = (): void => {
        stopWaiting();
        stopWaiting =
          collected.waitMs > 0 && !collected.hasWaited
            ? runLater(collected.waitMs, () => {
                collected.hasWaited = true;
                changed();
              })
            : noStop;
      };
      wait();
      const stop = onPush(layer, (entries) =>
        attempt(() => {
          if (!entries.map((entry) => note(collected, entry)).includes(true)) return;
          wait();
          changed();
        }),
      );
      return () => {
        commands = undefined;
        stopWaiting();
        stop();
      };
    },
  });
}

interface Commands {
  readonly defaults: Map<string, boolean>;
  readonly updates: Map<string, boolean>;
  /** Whether a default is for some regions only. The data layer does not say where the visitor is. */
  isRegional: boolean;
  waitMs: number;
  hasWaited: boolean;
}

function commandsIn(layer: unknown): Commands {
  const commands = {
    defaults: new Map(),
    updates: new Map(),
    isRegional: false,
    waitMs: 0,
    hasWaited: false,
  };
  for (const [, entry] of entriesOf(layer)) note(commands, entry);
  return commands;
}

/** Adds a consent command to `commands`. Returns whether the entry was a consent command. https://developers.google.com/tag-platform/security/guides/consent */
function note(commands: Commands, entry: unknown): boolean {
  const { 0: name, 1: kind, 2: types } = fieldsOf<'0' | '1' | '2'>(entry);
  if (name !== 'consent' || (kind !== 'default' && kind !== 'update')) return false;
  for (const [type, value] of entriesOf(types)) {
    if (value !== 'granted' && value !== 'denied') continue;
    (kind === 'default' ? commands.defaults : commands.updates).set(type, value === 'granted');
  }
  if (kind === 'default') {
    const { region, wait_for_update: waitMs } = fieldsOf<'region' | 'wait_for_update'>(types);
    if (region !== undefined) commands.isRegional = true;
    if (typeof waitMs === 'number') commands.waitMs = Math.max(commands.waitMs, waitMs);
  }
  return true;
}

function toReading(commands: Commands, required: readonly string[]): PlatformReading | undefined {
  const { defaults, updates, isRegional, waitMs, hasWaited } = commands;
  const mayCount = !isRegional && (waitMs <= 0 || hasWaited);
  const isGrantedAnyway = mayCount && required.every((type) => defaults.get(type) === true);
  if (!updates.size && !isGrantedAnyway) return undefined;
  return { categories: Object.fromEntries([...defaults, ...updates]) };
}

/**
 * Calls `run` after each `push` to the list. The returned function restores `push`, unless another script has wrapped it since: then
 * our wrapper stays and only calls the original.
 */
function onPush(layer: PlatformQueue, run: (entries: readonly unknown[]) => void): () => void {
  const inner = layer.push;
  const hadOwn = Object.hasOwn(layer, 'push');
  let isListening = true;
  const outer = (...entries: readonly unknown[]): unknown => {
    const answer = inner.apply(layer, [...entries]);
    if (isListening) run(entries);
    return answer;
  };
  layer.push = outer;
  return () => {
    isListening = false;
    if (layer.push !== outer) return;
    if (hadOwn) layer.push = inner;
    else Reflect.deleteProperty(layer, 'push');
  };
}

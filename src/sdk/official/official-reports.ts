import { SdkError, type SdkErrorCode } from '../../protocol/errors.ts';
import { warnInConsole } from '../browser.ts';
import { type AnalyticsEvents, createEmitter, type Emitter, type EventName } from '../events.ts';

/** Tells the application: by events, and by a warning in the console for errors that it does not listen to. */
export interface OfficialReports {
  readonly emitter: Emitter;
  emit<Name extends EventName>(name: Name, payload: AnalyticsEvents[Name]): void;
  /** Emits an `error`. */
  fail(code: SdkErrorCode, message: string, cause?: unknown): void;
}

/** @param settle called with the ids of events that were delivered or dropped */
export function createOfficialReports(settle: (...ids: readonly string[]) => void): OfficialReports {
  const warned = new Set<string>();
  const emitter = createEmitter((name, cause) => {
    if (name !== 'error') fail('plugin-failed', `Listener of "${name}"`, cause);
  });

  function emit<Name extends EventName>(name: Name, payload: AnalyticsEvents[Name]): void {
    if (name === 'dropped' && 'id' in payload) settle(payload.id);
    const isHeard = emitter.emit(name, payload);
    if (name === 'delivered' && 'ids' in payload) settle(...payload.ids);
    if (!(payload instanceof SdkError) || isHeard || warned.has(payload.code)) return;
    warned.add(payload.code);
    // An absent cause would be printed as `undefined`.
    const cause = payload.cause ? [payload.cause] : [];
    warnInConsole(`cio-first-party: ${payload.code}: ${payload.message}`, ...cause);
  }

  function fail(code: SdkErrorCode, message: string, cause?: unknown): void {
    emit('error', new SdkError(code, message, { cause }));
  }

  return { emitter, emit, fail };
}

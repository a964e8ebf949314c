import { SdkError, type SdkErrorCode } from '../../protocol/errors.ts';
import { printer, warnInConsole } from '../browser.ts';
import { type AnalyticsEvents, createEmitter, type Emitter, type EventName } from '../events.ts';

/** Tells the application: by events, by a warning in the console for errors that it does not listen to, and by the trace of `debug`. */
export interface Reports {
  readonly emitter: Emitter;
  emit<Name extends EventName>(name: Name, payload: AnalyticsEvents[Name]): void;
  /** Emits an `error`. */
  fail(code: SdkErrorCode, message: string, cause?: unknown): void;
  trace(name: string, payload: unknown): unknown;
  /** The visitor agrees: from now on the file of the trace may be loaded. Entries from before are printed then, in their order. */
  allowTrace(): void;
}

/** @param onDropped called for each event that is dropped, before the application is told */
export function createReports(
  debug: boolean,
  onDropped: (dropped: AnalyticsEvents['dropped']) => void,
): Reports {
  const warned = new Set<string>();
  let allowTrace = (): void => {};
  const tracing = debug
    ? new Promise<void>((resolve) => (allowTrace = resolve)).then(() => import('../debug/trace.ts'))
    : undefined;

  const emitter = createEmitter((name, cause) => {
    if (name !== 'error') fail('plugin-failed', `Listener of "${name}"`, cause);
  });

  function warnOnce(code: string, text: string, cause?: unknown): void {
    if (warned.has(code)) return;
    warned.add(code);
    // An absent cause would be printed as `undefined`.
    warnInConsole(`cio-first-party: ${text}`, ...(cause ? [cause] : []));
  }

  const trace = (name: string, payload: unknown): unknown =>
    tracing?.then(
      (loaded) => loaded.trace(printer(), name, payload),
      () => {},
    );

  function emit<Name extends EventName>(name: Name, payload: AnalyticsEvents[Name]): void {
    // Only the event `dropped` is about a single id.
    if ('id' in payload) onDropped(payload);
    trace(name, payload);
    const isHeard = emitter.emit(name, payload);
    if (payload instanceof SdkError && (!isHeard || /prox|endp/.test(payload.code)))
      warnOnce(payload.code, payload.message, payload.cause);
    if (name === 'blocked') warnOnce(name, 'the proxy is blocked');
  }

  function fail(code: SdkErrorCode, message: string, cause?: unknown): void {
    emit('error', new SdkError(code, message, { cause }));
  }

  return { emitter, emit, fail, trace, allowTrace };
}

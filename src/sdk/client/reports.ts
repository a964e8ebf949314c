import { SdkError, type SdkErrorCode } from '../../protocol/errors.ts';
import { pageUrl, printer, warnInConsole } from '../browser.ts';
import type * as Trace from '../debug/trace.ts';
import { type AnalyticsEvents, createEmitter, type Emitter, type EventName } from '../events.ts';

/** Tells the application: by events, by a warning in the console for errors that it does not listen to, and by the trace of `debug`. */
export interface Reports {
  readonly emitter: Emitter;
  emit<Name extends EventName>(name: Name, payload: AnalyticsEvents[Name]): void;
  /** Emits an `error`. */
  fail(code: SdkErrorCode, message: string, cause?: unknown): void;
  trace(name: string, payload: unknown): unknown;
  /** Turns the trace on or off, from now on. */
  setDebug(isOn: unknown): void;
  /**
   * The visitor agrees: from now on the files of the trace and of the advice may be loaded. Entries of the trace from before are printed
   * then, in their order.
   */
  allowFiles(): void;
}

/**
 * @param proxyUrl named in warnings
 * @param onDropped called for each event that is dropped, before the application is told
 */
export function createReports(
  debug: unknown,
  proxyUrl: string,
  onDropped: (dropped: AnalyticsEvents['dropped']) => void,
): Reports {
  const warned = new Set<string>();
  let mayLoad = false;
  let startTrace = (): void => {};
  let tracing: Promise<typeof Trace> | undefined;
  const mayTrace = new Promise<void>((resolve) => (startTrace = resolve));

  const emitter = createEmitter((name, cause) => {
    if (name !== 'error') fail('plugin-failed', `Listener of "${name}"`, cause);
  });

  function warnOnce(code: string, text: string, cause?: unknown): void {
    if (warned.has(code)) return;
    warned.add(code);
    const short = `${code}: ${text}`;
    const print = (line: string): void =>
      // An absent cause would be printed as `undefined`.
      warnInConsole(`cio-first-party: ${line}`, ...(cause ? [cause] : []));
    if (mayLoad)
      void import('../debug/advice.ts')
        .then(({ create }) => create(code, text, proxyUrl, pageUrl()))
        .catch(() => short)
        .then(print);
    else print(short);
  }

  const trace = (name: string, payload: unknown): unknown =>
    debug &&
    // All entries share a promise, because several imports of a file may resolve in another order.
    (tracing ??= mayTrace.then(() => import('../debug/trace.ts'))).then(
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
    if (name === 'blocked') warnOnce(name, proxyUrl);
  }

  function fail(code: SdkErrorCode, message: string, cause?: unknown): void {
    emit('error', new SdkError(code, message, { cause }));
  }

  function allowFiles(): void {
    mayLoad = true;
    startTrace();
  }

  return { emitter, emit, fail, trace, allowFiles, setDebug: (isOn) => (debug = isOn) };
}

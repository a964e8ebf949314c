/**
 * The clock of this server, which the console can set wrong. All that asks the time in this process is told the wrong one,
 * the proxy and the issuer of tokens too, as by a system clock that is off.
 */

const Right = Date;
const HOUR_MS = 3_600_000;

/** What time it really is, in milliseconds since the epoch. */
export const rightNow = (): number => Right.now();

/** 0 sets it right again. */
export function setServerClock(offHours: number): void {
  const now = (): number => Right.now() + offHours * HOUR_MS;
  globalThis.Date =
    offHours === 0
      ? Right
      : new Proxy(Right, {
          construct: (target, given: unknown[], made) =>
            Reflect.construct(target, given.length === 0 ? [now()] : given, made) as object,
          apply: () => new Right(now()).toString(),
          get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
        });
}

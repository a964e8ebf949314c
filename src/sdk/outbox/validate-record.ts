import { type OutboxEvent, totalDropped } from './contract.ts';
import type { LogHead, LogRecord } from './log-store.ts';

/** Checks of values that a browser has stored: a disk may fail, and other code of the page may write into the database. */

export function isStoredEvent(value: unknown): value is OutboxEvent {
  const { id, at, json, bytes } = (value ?? {}) as OutboxEvent;
  return [id, json].every((text) => text && typeof text === 'string') && Number.isFinite(at) && bytes > 0;
}

export function isLogRecord(value: unknown): value is LogRecord {
  const { at, events } = (value ?? {}) as LogRecord;
  return Number.isFinite(at) && Array.isArray(events) && events.every(isStoredEvent);
}

export function isLogHead(value: unknown): value is LogHead {
  const { tracked, delivered, pending, bytes, dropped, nextPlace } = (value ?? {}) as LogHead;
  // NaN and undefined make a comparison false, and the sum unequal.
  return (
    pending >= 0 &&
    bytes >= 0 &&
    nextPlace > 0 &&
    tracked === delivered + pending + totalDropped(dropped ?? {})
  );
}

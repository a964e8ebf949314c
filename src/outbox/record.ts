import { type OutboxEvent, total } from './contract.ts';
import type { LogHead, LogRecord } from './store.ts';

/** Whether what a browser has kept is what was given to it: disks fail, and pages write into databases that are not theirs. */

export function isEvent(value: unknown): value is OutboxEvent {
  const { id, at, json, bytes } = (value ?? {}) as OutboxEvent;
  return [id, json].every((text) => text && typeof text === 'string') && Number.isFinite(at) && bytes > 0;
}

export function isRecord(value: unknown): value is LogRecord {
  const { at, events } = (value ?? {}) as LogRecord;
  return Number.isFinite(at) && Array.isArray(events) && events.every(isEvent);
}

export function isHead(value: unknown): value is LogHead {
  const { tracked, delivered, pending, bytes, dropped, nextPlace } = (value ?? {}) as LogHead;
  // What is no number is never more than another, and makes no sum.
  return (
    pending >= 0 && bytes >= 0 && nextPlace > 0 && tracked === delivered + pending + total(dropped ?? {})
  );
}

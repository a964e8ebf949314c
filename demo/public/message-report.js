/** Stores the SDK's events about messages of the page, for the console. */
import { MESSAGES } from './report-keys.js';

const NOTES = 200;

export function reportMessages(analytics) {
  analytics.on('message', ({ type, messageId, actionName }) => {
    const notes = [...read(), { at: Date.now(), type, messageId, actionName }].slice(-NOTES);
    localStorage.setItem(MESSAGES, JSON.stringify(notes));
  });
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(MESSAGES)) ?? [];
  } catch {
    return [];
  }
}

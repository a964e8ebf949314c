/** Converts an id to text. Returns undefined for a value that is no text and no number, or is empty. */
export const asId = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined;

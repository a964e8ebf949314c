/** Replaces the characters from `start` up to `end` of a file. Everything else in the file stays byte for byte. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Orders edits by their place, and leaves out those that are inside of a larger one, whose text already contains them. */
export function orderEdits(edits: readonly Edit[]): readonly Edit[] {
  const ordered: Edit[] = [];
  for (const edit of [...edits].sort((one, other) => one.start - other.start || other.end - one.end)) {
    const last = ordered.at(-1);
    if (last === undefined || edit.start >= last.end) ordered.push(edit);
  }
  return ordered;
}

export function applyEdits(code: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const { start, end, text } of orderEdits(edits)) {
    result += code.slice(at, start) + text;
    at = end;
  }
  return result + code.slice(at);
}

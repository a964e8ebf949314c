/** Returns how many characters must be inserted, deleted or replaced to turn one text into the other. */
export function editDistance(from: string, to: string): number {
  // The distances of the part of `from` that was read so far from each beginning of `to`.
  let distances = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, character] of from.split('').entries()) {
    const next = [row + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (distances[column - 1] ?? 0) + (to[column - 1] === character ? 0 : 1);
      next.push(Math.min(replaced, (distances[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    distances = next;
  }
  return distances.at(-1) ?? 0;
}

/** Returns the text of `known` that is nearest, and at most `most` characters away. */
export function nearest(text: string, known: readonly string[], most: number): string | undefined {
  let found: string | undefined;
  let foundDistance = most + 1;
  for (const each of known) {
    const distance = editDistance(text, each);
    if (distance < foundDistance) [found, foundDistance] = [each, distance];
  }
  return found;
}

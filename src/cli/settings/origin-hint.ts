/** Returns the origin, as browsers write it, that a wrong text probably means: `null` where there is none to guess. */
export function meantOrigin(text: string): string | null {
  const scheme = /^(localhost|127\.|\[::1\])/i.test(text) ? 'http' : 'https';
  const url = text.includes('://') ? text : `${scheme}://${text}`;
  if (/[*\s]/.test(text) || !/^https?:/i.test(url) || !URL.canParse(url)) return null;
  const { origin, username, password } = new URL(url);
  // A URL with credentials is no slip of the pen, and its text must not be printed.
  return origin === text || username + password !== '' ? null : origin;
}

/** Says for each origin what is wrong with its text, and the right text. Returns `undefined` where nothing is known to be wrong. */
export function hintAtOrigins(origins: readonly string[]): string | undefined {
  const hints = origins.flatMap((text) => {
    const meant = meantOrigin(text);
    if (meant === null) return [];
    const fault = text === `${meant}/` ? 'ends with a slash' : 'is not as browsers write it';
    return [`"${text}" ${fault}: write ${meant}`];
  });
  return hints.length === 0 ? undefined : `${hints.join('; ')}.`;
}

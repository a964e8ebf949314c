/** Returns the origin, as browsers send it, that a wrong text probably means. Returns `null` where no origin can be guessed. */
function meantOrigin(text: string): string | null {
  // An app or a browser extension has a scheme of its own: only the slash at the end can be corrected.
  const [, appOrigin, scheme = ''] = /^(([a-z][\w+.-]*):\/\/[\w.-]+)\/+$/.exec(text) ?? [];
  if (appOrigin !== undefined && !/^https?$/.test(scheme)) return appOrigin;
  const missingScheme = /^(localhost|127\.|\[::1\])/i.test(text) ? 'http' : 'https';
  const url = text.includes('://') ? text : `${missingScheme}://${text}`;
  if (/[*\s]/.test(text) || !/^https?:/i.test(url) || !URL.canParse(url)) return null;
  const { origin, username, password } = new URL(url);
  // A URL with credentials is no typing mistake, and its text must not be printed.
  return origin === text || username + password !== '' ? null : origin;
}

/** Returns for each wrong origin what is wrong, and the right text. Returns `undefined` where no correction is known. */
export function hintAtOrigins(origins: readonly string[]): string | undefined {
  const hints = origins.flatMap((text) => {
    const meant = meantOrigin(text);
    if (meant === null) return [];
    const fault = text === `${meant}/` ? 'ends with a slash' : 'is not as browsers send it';
    return [`"${text}" ${fault}: write ${meant}`];
  });
  return hints.length === 0 ? undefined : `${hints.join('; ')}.`;
}

/** Replaces the user name and the password of each URL in a text, so that the text can be printed. */
export const withoutCredentials = (text: string): string => text.replace(/\/\/[^/@\s,]*@/g, '//…@');

/** A Content Security Policy: the values of its directives, by name. https://www.w3.org/TR/CSP3/ */
export type ContentPolicy = ReadonlyMap<string, readonly string[]>;

/** Reads the policies of a header: several headers, and commas within one, are several policies, which all hold. */
export function readPolicies(header: string | null): readonly ContentPolicy[] {
  return (header ?? '').split(',').flatMap((text) => {
    const policy = new Map<string, readonly string[]>();
    for (const directive of text.split(';')) {
      const [name = '', ...values] = directive.trim().split(/\s+/);
      // The first directive of a name is the one that holds.
      if (name !== '' && !policy.has(name.toLowerCase())) policy.set(name.toLowerCase(), values);
    }
    return policy.size === 0 ? [] : [policy];
  });
}

/** Whether a policy without `frame-ancestors`, or with one that names the page, allows that the page frames `framed`. */
export function allowsFraming(policy: ContentPolicy, page: string, framed: URL): boolean {
  const sources = policy.get('frame-ancestors');
  return sources === undefined || sources.some((source) => matches(source, page, framed));
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** https://www.w3.org/TR/CSP3/#match-url-to-source-expression */
function matches(source: string, page: string, framed: URL): boolean {
  if (source === page) return true;
  if (source.toLowerCase() === "'self'") return page === framed.origin;
  if (!URL.canParse(page)) return false;
  const { protocol, hostname, port } = new URL(page);
  if (source === '*') return /^(https?|wss?):$/.test(protocol) || protocol === framed.protocol;
  if (/^[a-z][\w+.-]*:$/i.test(source)) return allowsScheme(source.toLowerCase(), protocol);
  const [, scheme, host = '', wantedPort] =
    /^(?:([a-z][\w+.-]*:)\/\/)?([\w*.-]+)(?::(\d+|\*))?(?:\/.*)?$/i.exec(source) ?? [];
  if (!allowsScheme(scheme?.toLowerCase() ?? framed.protocol, protocol)) return false;
  const isPort =
    wantedPort === '*' ||
    (wantedPort ?? '') === port ||
    (port === '' && wantedPort === DEFAULT_PORTS[protocol]);
  if (!isPort) return false;
  const wanted = host.toLowerCase();
  return wanted === hostname || (wanted.startsWith('*.') && hostname.endsWith(wanted.slice(1)));
}

/** A source with `http` matches a page with `https` too. */
function allowsScheme(source: string, page: string): boolean {
  return source === page || (source === 'http:' && page === 'https:');
}

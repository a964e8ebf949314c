import { fail, type Finding, pass, warning } from '../check-result.ts';
import type { ProbeAnswer } from '../probe.ts';
import { allowsFraming, type ContentPolicy, readPolicies } from './content-policy.ts';
import type { InAppContext } from './in-app-context.ts';

/** Directives that do not change what the frame may do, or that have a row of their own. */
const HARMLESS = new Set([
  'upgrade-insecure-requests',
  'block-all-mixed-content',
  'report-uri',
  'report-to',
  'frame-ancestors',
]);
/** Directives whose values may hold keys. */
const HIDDEN = new Set(['report-uri', 'report-to']);
const STRIPPED = 'Let the servers in front of the proxy pass the header as the proxy sends it.';

/** Checks the headers of a page in the frame: those of the proxy must arrive, and no server in front may add others. */
export function checkFrameHeaders(
  context: InAppContext,
  answer: ProbeAnswer,
  metaPolicy: string | undefined,
): readonly Finding[] {
  const policies = readPolicies(answer.header('Content-Security-Policy'));
  return [
    sandboxed(policies),
    framing(context, policies),
    otherPolicies(policies, metaPolicy),
    contentType(answer),
    frameOptions(answer, policies),
    cookies(answer),
    referrer(answer),
  ];
}

function sandboxed(policies: readonly ContentPolicy[]): Finding {
  const name = 'CSP sandbox';
  const lists = policies
    .filter((policy) => policy.has('sandbox'))
    .map((policy) => policy.get('sandbox') ?? []);
  if (lists.length === 0)
    return fail(
      name,
      'no sandbox in Content-Security-Policy',
      `${STRIPPED} Without the sandbox, a page that somebody opens by its URL runs scripts of messages as scripts of your site.`,
    );
  // Every policy holds, so an ability needs to be in each list.
  if (lists.every((list) => list.includes('allow-same-origin')))
    return fail(
      name,
      'allow-same-origin',
      `${STRIPPED} allow-same-origin makes scripts of messages scripts of your site.`,
    );
  if (lists.some((list) => !list.includes('allow-scripts')))
    return fail(name, 'no allow-scripts, so that no message is drawn', STRIPPED);
  return pass(name, [...new Set(lists.flat())].join(' '));
}

function framing({ origin, pageUrl }: InAppContext, policies: readonly ContentPolicy[]): Finding {
  const name = 'frame-ancestors';
  const refusing = policies.find((policy) => !allowsFraming(policy, origin, pageUrl));
  if (refusing)
    return fail(
      name,
      `${refusing.get('frame-ancestors')?.join(' ') ?? ''}: does not allow ${origin}`,
      `Add ${origin} to the origins of the proxy (CIO_ORIGINS), or run the check with --origin for the origin of your pages. A server in front must not add its own frame-ancestors.`,
    );
  if (!policies.some((policy) => policy.has(name)))
    return warning(name, 'missing: every site may frame the page', STRIPPED);
  return pass(name, `allows ${origin}`);
}

/** Checks that the policy of the proxy is the only one: browsers block what any of several policies blocks. */
function otherPolicies(policies: readonly ContentPolicy[], metaPolicy: string | undefined): Finding {
  const name = 'other policies';
  const own = policies.find((policy) => policy.has('sandbox') && policy.has('frame-ancestors'));
  const others = policies.filter((policy) => policy !== own).map((policy) => ({ policy, from: 'a header' }));
  const inPage = readPolicies(metaPolicy ?? null).map((policy) => ({ policy, from: 'the page' }));
  const [first, ...more] = [...others, ...inPage].sort(
    (one, other) => Number(isHarmless(one.policy)) - Number(isHarmless(other.policy)),
  );
  if (!first) return pass(name, 'none');
  const detail = `${first.from} adds: ${inText(first.policy)}${more.length > 0 ? `; and ${more.length} more` : ''}`;
  if (isHarmless(first.policy))
    return warning(name, detail, 'Add no Content-Security-Policy to paths below /v1/frame/.');
  if (first.from === 'the page')
    return warning(
      name,
      detail,
      "The policy in the renderer's page is for the hosts of the renderer. If the frame does not load, report this row, and use inApp.renderer: 'direct' on the page.",
    );
  return fail(
    name,
    detail,
    'Add no Content-Security-Policy to paths below /v1/frame/: browsers block what any of the policies blocks.',
  );
}

const isHarmless = (policy: ContentPolicy): boolean => [...policy.keys()].every((name) => HARMLESS.has(name));

function inText(policy: ContentPolicy): string {
  const text = [...policy]
    .map(([name, values]) => (HIDDEN.has(name) ? name : [name, ...values].join(' ')))
    .join('; ');
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

function contentType(answer: ProbeAnswer): Finding {
  const name = 'nosniff';
  if (answer.header('X-Content-Type-Options')?.trim().toLowerCase() === 'nosniff') return pass(name, 'set');
  return warning(name, 'no X-Content-Type-Options: nosniff', STRIPPED);
}

/** Browsers ignore X-Frame-Options next to `frame-ancestors`. https://html.spec.whatwg.org/#the-x-frame-options-header */
function frameOptions(answer: ProbeAnswer, policies: readonly ContentPolicy[]): Finding {
  const name = 'X-Frame-Options';
  const value = answer.header(name);
  if (value === null) return pass(name, 'not sent');
  const advice =
    'Remove X-Frame-Options from paths below /v1/frame/: the proxy does not send it, a server in front does.';
  const detail = `sent: ${value.slice(0, 40)}`;
  if (!policies.some((policy) => policy.has('frame-ancestors'))) return fail(name, detail, advice);
  return warning(name, `${detail}; current browsers ignore it, because of frame-ancestors`, advice);
}

function cookies(answer: ProbeAnswer): Finding {
  const name = 'no cookies';
  const header = answer.header('Set-Cookie');
  if (header === null) return pass(name, 'no Set-Cookie');
  // The value of a cookie may be a secret.
  const cookie = /^\s*([\w.-]{1,60})\s*=/.exec(header)?.[1] ?? 'a cookie';
  return warning(
    name,
    `Set-Cookie: ${cookie}=…`,
    'Let the servers in front of the proxy set no cookie for paths below /v1/frame/: a cache may give it to other visitors.',
  );
}

function referrer(answer: ProbeAnswer): Finding {
  const name = 'Referrer-Policy';
  const value = answer.header(name);
  // The last known value of several holds. https://www.w3.org/TR/referrer-policy/#parse-referrer-policy-from-header
  if (value?.split(',').at(-1)?.trim().toLowerCase() === 'no-referrer') return pass(name, 'no-referrer');
  const detail = value === null ? 'missing' : `is ${value.slice(0, 60)}`;
  return warning(
    name,
    detail,
    `${STRIPPED} Links in messages otherwise show other sites the URL of the proxy.`,
  );
}

import { entriesOf, fieldsOf } from '../untrusted.ts';
import { globalNamed, whenThere } from '../platform-page.ts';
import { type PlatformAnswer, createPlatformSource, type SourceOptions } from '../platform-source.ts';
import type { Attempt, ConsentSource } from '../source.ts';

/** The categories of the IAB's GPP: opt-outs of the United States; purposes and vendors of Europe and Canada. */
export type GppCategory =
  'sale' | 'sharing' | 'targeted-advertising' | `purpose:${number}` | `vendor:${number}`;

/**
 * Creates a consent source of any platform with the IAB's GPP interface (`__gpp`). The sections of the United States have opt-outs:
 * `sale`, `sharing` and `targeted-advertising` are on where the visitor has not opted out. The sections of Europe and Canada have
 * the purposes and vendors to which the visitor has agreed. Categories that the law of the visitor's region does not cover are on.
 * Default of `require`: these three, and the purposes 1, 8 and 9. Where no section applies, the source grants.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { globalPrivacyControl, gpp } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: [gpp(), globalPrivacyControl()],
 * });
 */
export function gpp(options: SourceOptions<GppCategory> = {}): ConsentSource {
  let latest: PlatformAnswer;
  return createPlatformSource({
    name: 'gpp',
    options,
    required: ['sale', 'sharing', 'targeted-advertising', 'purpose:1', 'purpose:8', 'purpose:9'],
    // While the visitor has opened the dialog again, the previous decision stays.
    read: () => (latest = toAnswer(ping()) ?? latest),
    watch: (changed, attempt) => whenThere(findApi, () => listen(changed, attempt), attempt),
  });
}

// https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform
type Api = (
  command: string,
  callback: (data: unknown, success: unknown) => void,
  parameter?: unknown,
) => void;

function findApi(): Api | undefined {
  const api = globalNamed('__gpp');
  return typeof api === 'function' ? (api as Api) : undefined;
}

function listen(changed: () => void, attempt: Attempt): () => void {
  let id: unknown;
  let isListening = true;
  const remove = (): void => {
    if (id !== undefined) findApi()?.('removeEventListener', () => undefined, id);
  };
  findApi()?.('addEventListener', (data) =>
    attempt(() => {
      id = fieldsOf<'listenerId'>(data).listenerId ?? id;
      if (isListening) changed();
      else remove();
    }),
  );
  return () => {
    isListening = false;
    remove();
  };
}

function ping(): unknown {
  let answer: unknown;
  findApi()?.('ping', (data) => void (answer = data));
  return answer;
}

type PingFields = 'signalStatus' | 'applicableSections' | 'parsedSections';

function toAnswer(data: unknown): PlatformAnswer {
  const { signalStatus, applicableSections, parsedSections } = fieldsOf<PingFields>(data);
  if (signalStatus !== 'ready' || !Array.isArray(applicableSections)) return undefined;
  const ids = applicableSections.map(Number);
  // -1: no section applies to this visitor. 0 and an empty list: the platform does not know that yet.
  if (ids.includes(-1)) return 'not-required';
  const sections = entriesOf(parsedSections).map(([name, section]) => ({ name, fields: flat(section) }));
  const national = sections.filter(({ name }) => name.startsWith('us'));
  const consenting = sections.filter(
    ({ name }) =>
      (name.startsWith('tcfeu') && ids.includes(2)) || (name.startsWith('tcfca') && ids.includes(5)),
  );
  const isNational = ids.some((id) => id >= FIRST_US_SECTION);
  const isAsked = ids.includes(2) || ids.includes(5);
  if (!isNational && !isAsked) return undefined;
  // A section that applies and is missing is not a consent.
  if ((isNational && !national.length) || (isAsked && !consenting.length)) return undefined;
  return {
    categories: {
      ...optOuts(isNational ? national.map(({ fields }) => fields) : []),
      ...purposes(consenting.map(({ fields }) => fields)),
    },
    more: vendors(consenting.map(({ fields }) => fields)),
    onlyOn: /^vendor:/,
  };
}

type Fields = Readonly<Record<string, unknown>>;

const FIRST_US_SECTION = 6;

/** Returns the fields of a section. A section is an object of fields, or a list of such objects. */
function flat(section: unknown): Fields {
  const parts: readonly unknown[] = Array.isArray(section) ? section : [section];
  return Object.fromEntries(parts.flatMap((part) => entriesOf(part)));
}

const OPT_OUTS = [
  { name: 'sale', field: 'SaleOptOut' },
  { name: 'sharing', field: 'SharingOptOut' },
  { name: 'targeted-advertising', field: 'TargetedAdvertisingOptOut' },
];

/**
 * Reads the opt-outs. Values: 0: does not apply; 1: opted out; 2: did not opt out. The section `uspv1` has letters instead, and
 * `OptOutSale` for the sale.
 */
const optOuts = (sections: readonly Fields[]): Record<string, boolean> =>
  Object.fromEntries(
    OPT_OUTS.map(({ name, field }) => [
      name,
      !sections.some((fields) => {
        const value = fields[field] ?? (name === 'sale' ? fields['OptOutSale'] : undefined);
        return value === 1 || value === 'Y' || fields['Gpc'] === true;
      }),
    ]),
  );

const PURPOSES = ['PurposeConsents', 'PurposesExpressConsent', 'PurposesImpliedConsent'];
const VENDORS = ['VendorConsents', 'VendorExpressConsent', 'VendorImpliedConsent'];

const purposes = (sections: readonly Fields[]): Record<string, boolean> =>
  Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [
      `purpose:${i + 1}`,
      sections.every((fields) => PURPOSES.some((field) => idsOf(fields[field]).includes(i + 1))),
    ]),
  );

const vendors = (sections: readonly Fields[]): Record<string, boolean> =>
  Object.fromEntries(
    sections
      .flatMap((fields) => VENDORS.flatMap((field) => idsOf(fields[field])))
      .map((id) => [`vendor:${id}`, true]),
  );

/** Reads a list of ids, which is a list of numbers, or of one boolean for each id from 1. */
const idsOf = (value: unknown): readonly number[] =>
  Array.isArray(value)
    ? value.flatMap((each: unknown, i) => (typeof each === 'number' ? [each] : each === true ? [i + 1] : []))
    : [];

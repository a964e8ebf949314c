// @vitest-environment node
/** The language of the documentation: short sentences, and the terms of the field. The readers' first language is often not English. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type DocumentationPage, PAGES, ROOT } from '../support/docs/documentation.ts';
import { type Sentence, sentencesOf, wordsIn } from '../support/docs/prose.ts';

const MOST_WORDS = 30;

interface Pattern {
  readonly find: RegExp;
  /** The words to use. */
  readonly use: string;
  /** The sentences to look at; all of them by default. */
  readonly kinds?: readonly Sentence['kind'][];
}

const PROSE: readonly Sentence['kind'][] = ['prose'];

/** Words and forms that readers have not understood, and their replacements. Inline code, such as a message or a key, is not looked at. */
const PATTERNS: readonly Pattern[] = [
  // Sentences without a subject that a reader can name.
  { find: /\bwhoever\b/i, use: 'everybody who …, or the name of the role' },
  { find: /\bwhatever\b/i, use: 'the name of the thing: any server, each method' },
  { find: /(?:^|[,;:] )(?:and |but )?one that\b/i, use: 'the noun: a token that …, an event that …' },
  {
    find: /^What (?!.*(?:[?:]$|·))/,
    use: 'a noun as the subject: events that …, the part that …',
    kinds: PROSE,
  },
  { find: /\bnobody\b|\bno one\b/i, use: 'the subject: no process, no user, no reader' },
  { find: /\bnothing of\b/i, use: 'none of …, no …' },
  { find: /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b)/i, use: 'is not a …' },
  { find: /;.*;/, use: 'two sentences, or a list: one semicolon at most', kinds: PROSE },
  // Verbs.
  { find: /\btold\b/i, use: 'emits, logs, reports, receives' },
  {
    find: /(?<!\bquestions and )\banswer(?:s|ed|ing)?\b/i,
    use: 'a function returns, a server responds; response',
  },
  { find: /\b(?:comes?|came|coming) again\b/i, use: 'is sent again, is delivered again, happens again' },
  { find: /\bthrow(?:s|n|ing)?\b[^.]*\baway\b/i, use: 'discards, deletes' },
  { find: /\b(?:goes|go|going|went) on\b/i, use: 'continues, keeps working' },
  { find: /\b(?:put|puts) aside\b|\bparked\b/i, use: 'moved to the dead-letter queue' },
  { find: /\blet(?:s|ting)? go of\b/i, use: 'closes, releases' },
  { find: /\b(?:speak|speaks|speaking)\b/i, use: 'uses, sends requests to' },
  { find: /\b(?:can|cannot|could|to) be had\b/i, use: 'is available, can be fetched' },
  { find: /\b(?:leave|leaves|left) (?:\w+ ){0,4}alone\b/i, use: 'does not change, sends no request to' },
  { find: /\bhalv(?:e|ed|ing|ings)\b|\bhalves (?:the|it|a)\b/i, use: 'splits the batch in half repeatedly' },
  { find: /\b(?:knows?|says?) nothing\b/i, use: 'has no information about, reports nothing' },
  {
    find: /\breach(?:es)? the proxy around\b/i,
    use: 'bypass the load balancer and reach the proxy directly',
  },
  // Personification.
  { find: /\b(?:dies|died|dying|die)\b/i, use: 'ends, crashes, is closed' },
  { find: /\b(?:is|are|was|were) away\b/i, use: 'is not reachable' },
  { find: /\bswallow/i, use: 'drops' },
  // Terms: one for one thing.
  {
    find: /(?<!\b(?:IP|e-mail|email|MAC) )\baddress(?:es)?\b(?! bar\b)/i,
    use: 'URL, IP address, e-mail address, page or origin',
  },
  { find: /\bbesides?\b/i, use: 'next to, in the same folder; in addition to' },
  { find: /\bstand-ins?\b/i, use: 'mock server' },
  {
    find: /\b(?:doors?|lifeboat|heir|farewell)\b/i,
    use: 'entry point, localStorage fallback, next tab, last request',
  },
  { find: /\b(?:un)?packed\b/i, use: 'compressed, decompressed' },
  { find: /\bunder way\b/i, use: 'in progress, in flight' },
  { find: /\bheld\b/i, use: 'queued until consent' },
  { find: /\bbrokers?\b/i, use: 'message queue' },
  { find: /\bcop(?:y|ies) of the proxy\b|\b(?:several|two|four|number of) copies\b/i, use: 'replica' },
  { find: /(?<!Elsewhere: )\bauthenticated (?:calls?|requests?)\b/i, use: 'private call' },
  { find: /\bwrapped SDK\b/i, use: "Customer.io's SDK" },
  // Idioms.
  { find: /\bfor good\b|\bfor ever\b/i, use: 'permanently, without end' },
  { find: /\banew\b/i, use: 'again' },
  { find: /\bas (?:it stands|they stand)\b/i, use: 'without a change' },
  { find: /\bonce an? (?:page|batch|request|day)\b/i, use: 'once per …' },
  { find: /^Beyond,|\bin spite of\b/i, use: 'above this limit; although' },
  { find: /\b(?:is|are|proxy) in order\b/i, use: 'works, is correct' },
];

const pageAt = (file: string): DocumentationPage => ({ file, text: readFileSync(ROOT + file, 'utf8') });

/** The reference of the API is written from the comments in `src`, which have a check of their own. */
const sentences = [...PAGES, ...['CONTRIBUTING.md', 'SECURITY.md'].map(pageAt)]
  .filter(({ file }) => !file.startsWith('docs/reference/api/'))
  .flatMap(sentencesOf);

const faultsOf = ({ place, text, kind }: Sentence): readonly string[] => [
  ...(wordsIn(text) > MOST_WORDS ? [`${place}: ${wordsIn(text)} words, split the sentence: ${text}`] : []),
  ...PATTERNS.filter(({ find, kinds }) => (kinds ?? [kind]).includes(kind) && find.test(text)).map(
    ({ find, use }) => `${place}: "${find.exec(text)?.[0]}", use: ${use}: ${text}`,
  ),
];

test('the documentation uses short sentences and plain terms', () => {
  expect(sentences.length).toBeGreaterThan(4000);
  expect(sentences.flatMap(faultsOf)).toEqual([]);
});

test.each([
  ['a long sentence', `${'word '.repeat(31)}.`, '31 words, split the sentence'],
  ['a sentence without a subject', 'What is dropped comes from the page.', 'use: a noun as the subject'],
  ['an address that may be a URL', 'The address is wrong.', 'use: URL, IP address'],
  [
    'a word of a list item on two lines',
    '- The first line,\n  whoever reads it.',
    'docs/page.md:3: "whoever"',
  ],
  ['a word in a table cell', '| a | b |\n| - | - |\n| beside | c |', 'docs/page.md:5: "beside"'],
])('the checks find %s', (_, text, message) => {
  const faults = sentencesOf({ file: 'docs/page.md', text: `# Page\n\n${text}\n` }).flatMap(faultsOf);
  expect(faults.join('\n')).toContain(message);
});

test('the checks do not look at code, messages in quotation marks and generated parts', () => {
  const text =
    '`whoever` and "whoever"\n\n```text\nwhoever\n```\n\n<!-- begin: x -->\n\nwhoever\n\n<!-- end: x -->\n';
  expect(sentencesOf({ file: 'docs/page.md', text }).flatMap(faultsOf)).toEqual([]);
});

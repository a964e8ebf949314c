import { type BoundedPattern, boundedPattern } from './bounded-pattern.ts';

/** Where the visitor is, for the page rules of messages. */
export interface RulePage {
  /** The name of the last `page()` call; without a name, the full URL. */
  readonly route: string;
  /** `location.pathname`. */
  readonly pathname: string;
}

/** Returns whether a message with this rule (`routeRuleWeb`) may be shown on this page. No rule: on every page. */
export type PageRules = (rule: string | undefined, page: RulePage) => boolean;

/** The rule of messages that are not meant for the web. */
const NEVER = '^DO_NOT_DISPLAY_IN_APP$';

/**
 * Makes the function that tests page rules. A rule is a case-sensitive pattern, as Customer.io's own script has it: it is tested
 * against the route, and then against the path. A rule that cannot be tested never matches.
 *
 * @param tell gets a sentence about each rule that cannot be tested, once for each rule
 */
export function createPageRules(tell: (mistake: string) => void): PageRules {
  const patterns = new Map<string, BoundedPattern | undefined>();

  function refuseRule(rule: string): false {
    patterns.set(rule, undefined);
    tell(
      `The page rule ${JSON.stringify(rule.slice(0, 200))} is no valid regular expression, or takes too long. Its messages are not shown.`,
    );
    return false;
  }

  return (rule, { route, pathname }) => {
    if (!rule) return true;
    if (rule === NEVER) return false;
    if (!patterns.has(rule)) {
      const pattern = boundedPattern(rule);
      patterns.set(rule, pattern);
      if (!pattern) return refuseRule(rule);
    }
    const pattern = patterns.get(rule);
    if (!pattern) return false;
    for (const text of [route, pathname]) {
      const isMatch = pattern(text);
      if (isMatch === undefined) return refuseRule(rule);
      if (isMatch) return true;
    }
    return false;
  };
}

/** The name by which the file of in-app messages imports this one. */
export { createPageRules as create };

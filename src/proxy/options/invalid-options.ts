import { SdkError } from '../../protocol/errors.ts';
import { errorPage } from '../../protocol/links.ts';
import type { OptionProblem } from './check-group.ts';

/** Makes the error of a function whose options are wrong. The message names each of them, and the page of the documentation. */
export function invalidOptions(
  owner: string,
  problems: readonly Pick<OptionProblem, 'option' | 'problem'>[],
): SdkError {
  const list = problems.map(({ option, problem }) => `"${option}" ${problem}`);
  return new SdkError('invalid-options', `${owner}: ${list.join('; ')}. ${errorPage('invalid-options')}`);
}

/** Reads options of a command line that are numbers. */
export type NumberOption<Name extends string> = (name: Name, least: number, most: number) => number;

/** @throws Error where a value is no number from `least` to `most`, naming the option and what came */
export function createNumberOption<Name extends string>(
  values: Readonly<Partial<Record<Name, string | boolean>>>,
): NumberOption<Name> {
  return (name, least, most) => {
    const value = Number(values[name]);
    if (values[name] !== '' && value >= least && value <= most) return value;
    throw new Error(`--${name} must be a number from ${least} to ${most}, got "${values[name]}"`);
  };
}

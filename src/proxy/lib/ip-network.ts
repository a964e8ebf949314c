/**
 * Who an address stands for: an IPv4 address itself; an IPv6 address its /64, which is what one household or machine is
 * given (RFC 6177), so that its 2^64 addresses are not as many visitors.
 */
export function networkOf(address: string): string {
  // IPv4, which most visitors have.
  if (!address.includes(':')) return address;
  const [text = ''] = address.toLowerCase().split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (mapped !== undefined || !text.includes(':')) return mapped ?? text;
  const [head = '', tail] = text.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: gap }, () => '0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function groupsOf(part: string): readonly string[] {
  if (part === '') return [];
  // A last group in dotted form stands for two.
  return part
    .split(':')
    .flatMap((group) => (group.includes('.') ? ['0', '0'] : [group.replace(/^0+(?=.)/, '')]));
}

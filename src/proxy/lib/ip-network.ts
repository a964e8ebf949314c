/**
 * The network of an IP address, by which a sender is counted. An IPv4 address counts for itself, an IPv6 address for its /64
 * network. A household or machine gets at least a /64 (RFC 6177), and must not count as 2^64 senders.
 */
export function networkOf(address: string): string {
  // IPv4 first, because most visitors have an IPv4 address.
  if (!address.includes(':')) return address;
  const [text = ''] = address.toLowerCase().split('%');
  const [, mapped, high, low] =
    /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([\da-f]{1,4}):([\da-f]{1,4}))$/.exec(text) ?? [];
  if (mapped !== undefined || !text.includes(':')) return mapped ?? text;
  // The same mapped IPv4 address, with its four bytes as two groups.
  if (high && low) return [high, low].flatMap((group) => bytesOf(Number.parseInt(group, 16))).join('.');
  const [head = '', tail] = text.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: gap }, () => '0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function groupsOf(part: string): readonly string[] {
  if (part === '') return [];
  // A last group in dotted form (IPv4) stands for two groups.
  return part
    .split(':')
    .flatMap((group) => (group.includes('.') ? ['0', '0'] : [group.replace(/^0+(?=.)/, '')]));
}

const bytesOf = (group: number): readonly number[] => [group >> 8, group & 0xff];

import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

// RFC 6890: addresses that are not reached over the public Internet.
const privateRanges = new BlockList();
for (const [address, prefix] of [
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['0.0.0.0', 8],
  ['192.0.0.0', 24],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  privateRanges.addSubnet(address, prefix);
for (const [address, prefix] of [
  ['::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  // Ways to write an IPv4 address, and with it a private one: NAT64 and 6to4.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
] as const)
  privateRanges.addSubnet(address, prefix, 'ipv6');

export function isPrivateAddress(address: string): boolean {
  const version = isIP(address);
  // An IPv4 address in IPv6 form (::ffff:7f00:1) is found in the IPv4 ranges as well.
  return version !== 0 && privateRanges.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** The address to connect to, and whether any address of the host is private; a host that does not resolve stays as it is. */
export async function resolveHost(host: string): Promise<{ readonly address: string; readonly isPrivate: boolean }> {
  const bare = host.replace(/^\[|\]$/g, '');
  const addresses = isIP(bare) === 0 ? await lookup(bare, { all: true }).catch(() => []) : [{ address: bare }];
  return { address: addresses[0]?.address ?? bare, isPrivate: addresses.some(({ address }) => isPrivateAddress(address)) };
}

/** Whether any address of the host is private, since any of them may be connected to; a host that does not resolve is not. */
export async function isPrivateHost(host: string): Promise<boolean> {
  return (await resolveHost(host)).isPrivate;
}

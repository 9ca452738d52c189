import { Forbidden } from '../kernel/errors.ts';
import { isPrivateHost } from '../mail/index.ts';

/**
 * `fetch` limited to the hosts that a manifest declares as `net:<host>`; hosts in private networks are
 * refused, redirects are not followed into other hosts.
 */
export function guardedFetch(uses: readonly string[]): typeof fetch {
  const hosts = new Set(uses.filter((one) => one.startsWith('net:')).map((one) => one.slice('net:'.length)));
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!['http:', 'https:'].includes(url.protocol) || !(hosts.has(url.hostname) || hosts.has('*')))
      throw new Forbidden('net.host-undeclared', { host: url.hostname });
    if (await isPrivateHost(url.hostname)) throw new Forbidden('net.host-private', { host: url.hostname });
    return fetch(input, { ...init, redirect: 'manual' });
  };
}

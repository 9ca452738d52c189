export { GuardedNetwork, type GuardedFetch } from './guarded-network.ts';
export { isPrivateHost, resolveHost } from './private-hosts.ts';
export { freePort } from './free-port.ts';

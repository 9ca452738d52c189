import type { Fault } from './hook-types.ts';

/** What a plugin did to its process outside of any call of the desk: an error nobody caught, an endless loop, an end. */
export interface ProcessFault extends Omit<Fault, 'kind'> {
  readonly kind: 'uncaught' | 'blocked' | 'exit';
}

export type PluginFault = Fault | ProcessFault;

export { conform } from './conforming.ts';
export { factsOf, type PluginFacts } from './facts.ts';

export { conform, type ConformOptions } from './conforming.ts';
export { factsOf, type PluginFacts } from './facts.ts';
export { checkOwnTests, copyRequired } from './own-tests.ts';
export { Sabotage } from './sabotage.ts';

import type { Hooks } from '../kernel/plugin-hooks.ts';

/** Makes every handler of every plugin of one desk misbehave, to see that the desk goes on. For desks made for trials. */
export class Sabotage {
  mode: 'none' | 'throw' | 'hang' = 'none';

  /** The same hooks, with a switch in front of each handler. */
  wrap(hooks: Hooks): Hooks {
    const spoil = <A extends readonly unknown[], R>(handler: (...args: A) => R) => {
      const spoiled = (...args: A): R => {
        if (this.mode === 'throw') throw new Error('sabotaged');
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a handler must not return is the point
        return this.mode === 'hang' ? (new Promise(() => {}) as R) : handler(...args);
      };
      return spoiled;
    };
    return {
      define: hooks.define,
      call: hooks.call,
      on: (name, handler, options) => hooks.on(name, spoil(handler), options),
      onDurable: (name, id, handler) => hooks.onDurable(name, id, spoil(handler)),
      filter: (name, handler, options) => hooks.filter(name, spoil(handler), options),
      filterSync: (name, handler, options) => hooks.filterSync(name, spoil(handler), options),
      decide: (name, handler, options) => hooks.decide(name, spoil(handler), options),
    };
  }
}

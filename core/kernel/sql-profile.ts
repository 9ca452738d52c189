import type { Storage } from '../storage/types.ts';
import type { Profiler } from './profiler.ts';
import { currentScope, type Scope } from './scope.ts';

const maxRunning = 10_000;

/** Attributes every statement to the plugin and the request that sent it. Returns the function that ends it. */
export function watchSql(storage: Storage, profiler: Profiler): () => void {
  const running = new Map<string, { readonly beganAt: number; readonly scope: Scope }>();
  return storage.onQuery({
    started: (id) => {
      const scope = currentScope();
      // Most statements of background work concern no plugin and no request.
      if (scope.plugin === undefined && scope.meter === undefined) return;
      if (running.size < maxRunning) running.set(id, { beganAt: performance.now(), scope });
    },
    ended: (id) => {
      const query = running.get(id);
      if (query === undefined) return;
      running.delete(id);
      profiler.query(query.scope, performance.now() - query.beganAt);
    },
  });
}

import type { JobDefinition } from './types.ts';

/** The job code that this process has. Jobs of other names wait in the table. */
export class JobRegistry {
  private readonly definitions = new Map<string, JobDefinition>();
  private cachedNames: readonly string[] = [];

  /** Adds a job and returns the function that takes it away again. */
  define(definition: JobDefinition): () => void {
    if (this.definitions.has(definition.name)) throw new Error(`The job ${definition.name} is defined twice.`);
    this.definitions.set(definition.name, definition);
    this.cachedNames = [...this.definitions.keys()];
    return () => {
      this.definitions.delete(definition.name);
      this.cachedNames = [...this.definitions.keys()];
    };
  }

  get(name: string): JobDefinition | undefined {
    return this.definitions.get(name);
  }

  names(): readonly string[] {
    return this.cachedNames;
  }
}

import type { JobDefinition } from './types.ts';

/** Where job code comes from besides `define`, such as the durable handlers of running plugins. */
export interface JobSource {
  names(): readonly string[];
  get(name: string): JobDefinition | undefined;
}

/** The job code that this process has. Jobs of other names wait in the table. */
export class JobRegistry {
  private readonly sources: JobSource[] = [];
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

  addSource(source: JobSource): void {
    this.sources.push(source);
  }

  get(name: string): JobDefinition | undefined {
    return this.definitions.get(name) ?? this.sources.map((source) => source.get(name)).find((one) => one !== undefined);
  }

  names(): readonly string[] {
    return [...this.cachedNames, ...this.sources.flatMap((source) => source.names())];
  }
}

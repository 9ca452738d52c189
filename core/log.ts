import type { Clock } from './kernel/clock.ts';
import type { Logger, LogLevel } from './kernel/log.ts';
import { currentScope } from './kernel/scope.ts';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** Writes one JSON object a line; lines below `level` are dropped. */
export function createLogger(
  level: LogLevel,
  clock: Clock,
  write: (line: string) => void,
  fields: Readonly<Record<string, unknown>> = {},
): Logger {
  const log =
    (of: LogLevel) =>
    (message: string, more: Readonly<Record<string, unknown>> = {}): void => {
      if (levels.indexOf(of) < levels.indexOf(level)) return;
      const { plugin } = currentScope();
      const line = {
        time: new Date(clock.now()).toISOString(),
        level: of,
        message,
        ...(plugin === undefined ? {} : { plugin }),
        ...fields,
        ...more,
      };
      write(`${JSON.stringify(line, plain)}\n`);
    };
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (more) => createLogger(level, clock, write, { ...fields, ...more }),
  };
}

function plain(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, stack: value.stack, ...(value.cause === undefined ? {} : { cause: value.cause }) };
}

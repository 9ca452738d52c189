import { parseArgs } from 'node:util';
import { Misused, type Command } from './command.ts';

export interface Parsed {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | true>>;
  readonly isJson: boolean;
  readonly isHelp: boolean;
}

/** Reads what follows the name of a command. @throws Misused with one sentence. */
export function parseCommandLine(command: Pick<Command, 'name' | 'args' | 'options'>, rest: readonly string[]): Parsed {
  const known = Object.entries(command.options ?? {});
  const options = {
    ...Object.fromEntries(
      known.map(([name, { value }]) => [name, { type: value === undefined ? ('boolean' as const) : ('string' as const) }]),
    ),
    json: { type: 'boolean' as const },
    help: { type: 'boolean' as const, short: 'h' },
  };
  const { values, positionals } = parse(command.name, rest, options);
  const isHelp = values['help'] === true;
  const given = Object.fromEntries(
    Object.entries(values).filter(([name, value]) => name !== 'json' && name !== 'help' && value !== false),
  ) as Record<string, string | true>;
  if (!isHelp) refuse(command, given, positionals);
  return { args: positionals, options: given, isJson: values['json'] === true, isHelp };
}

/** Options that a plugin's command names in its usage text: `--since <days>` takes a value, `[--quiet]` does not. */
export function optionsOfUsage(usage: string): NonNullable<Command['options']> {
  return Object.fromEntries(
    [...usage.matchAll(/--([a-z][a-z0-9-]*)(?:[ =]+(?![-[\]|)])(\S+))?/g)].map(([, name = '', value]) => [
      name,
      { help: '', ...(value === undefined ? {} : { value }) },
    ]),
  );
}

function parse(
  name: string,
  rest: readonly string[],
  options: Readonly<Record<string, { type: 'boolean' | 'string'; short?: string }>>,
): { values: Readonly<Record<string, unknown>>; positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...rest], options, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, unknown] = /Unknown option '([^']+)'/.exec(message) ?? [];
    const [, valueless] = /Option '(?:-\w, )?(--[\w-]+)[^']*' argument missing/.exec(message) ?? [];
    const sentence =
      unknown !== undefined
        ? `There is no option ${unknown}.`
        : valueless !== undefined
          ? `The option ${valueless} needs a value.`
          : `${message.split('. ')[0] ?? message}.`;
    throw new Misused(`${sentence} See "helpdesk ${name} --help".`, { cause: error });
  }
}

function refuse(
  { name, args, options = {} }: Pick<Command, 'name' | 'args' | 'options'>,
  given: Readonly<Record<string, unknown>>,
  positionals: readonly string[],
): void {
  const hint = `See "helpdesk ${name} --help".`;
  const missing = Object.entries(options).find(([option, { isRequired }]) => isRequired === true && given[option] === undefined);
  if (missing !== undefined) throw new Misused(`The option --${missing[0]} is missing. ${hint}`);
  // Plugins look at their own arguments.
  if (args === undefined) return;
  const absent = args.filter((one) => !one.startsWith('['))[positionals.length];
  if (absent !== undefined) throw new Misused(`The argument ${absent} is missing. ${hint}`);
  const surplus = args.at(-1)?.includes('...') === true ? undefined : positionals[args.length];
  if (surplus !== undefined) throw new Misused(`"${surplus}" is one argument too many. ${hint}`);
}

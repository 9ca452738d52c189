import { AppError, systemActor, systemClock, type CliCommand } from '@helpdesk/core/operator';
import { optionsOfUsage, parseCommandLine, type Parsed } from './arguments.ts';
import { Failed, Misused, type Command, type Invocation, type Io } from './command.ts';
import { commands } from './commands/index.ts';
import { commandHelp, generalHelp, pluginCommandHelp } from './help.ts';
import { printed } from './output.ts';
import { sentenceFor } from './sentences.ts';
import { Session, siteConfig } from './session.ts';

/** Runs one command line and returns its exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let databaseUrl: string | undefined = io.env['DATABASE_URL'];
  try {
    const config = await siteConfig(io);
    databaseUrl = config.databaseUrl;
    const session = new Session(io, config);
    try {
      return await dispatch(argv, { io, config, desk: session.desk });
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof Failed) return fail(io, error, argv.includes('--json'));
    io.err(`${error instanceof Misused ? error.message : sentenceFor(error, { databaseUrl })}\n`);
    if (argv[0] === 'mail' && argv[1] === 'pipe') return deliveryCode(error);
    return error instanceof Misused || (error instanceof AppError && error.code === 'cli.usage') ? 2 : 1;
  }
}

/**
 * A mail server that runs `mail pipe` bounces the mail for any code but 75 (EX_TEMPFAIL of sysexits.h): only what the
 * command itself says about this mail is final.
 */
function deliveryCode(error: unknown): number {
  const code = error instanceof AppError ? error.details['exitCode'] : undefined;
  return typeof code === 'number' ? code : 75;
}

type Scene = Pick<Invocation, 'io' | 'config' | 'desk'>;

async function dispatch(argv: readonly string[], scene: Scene): Promise<number> {
  const [first = '--help'] = argv;
  if (first === '--help' || first === '-h' || first === 'help') {
    scene.io.out(generalHelp(commands, await pluginCommands(scene).catch(() => [])));
    return 0;
  }
  const core = find(commands, argv);
  if (core !== undefined) return runCore(core.command, argv.slice(core.words), scene);
  if (first.startsWith('-')) throw new Misused(`There is no option ${first} before a command. See "helpdesk --help".`);
  const found = find(await pluginCommands(scene), argv);
  if (found === undefined) throw new Misused(`There is no command "${unknownName(argv)}". See "helpdesk --help".`);
  return runPlugin(found.command, argv.slice(found.words), scene);
}

async function runCore(command: Command, rest: readonly string[], scene: Scene): Promise<number> {
  const parsed = parseCommandLine({ args: [], ...command }, rest);
  if (parsed.isHelp) scene.io.out(commandHelp(command));
  else
    print(scene.io, await command.run({ ...scene, ...voice(scene.io, parsed), args: parsed.args, options: parsed.options }), parsed.isJson);
  return 0;
}

async function runPlugin(command: CliCommand, rest: readonly string[], scene: Scene): Promise<number> {
  const parsed = parseCommandLine({ name: command.name, options: optionsOfUsage(command.usage) }, rest);
  if (parsed.isHelp) scene.io.out(pluginCommandHelp(command));
  else
    print(
      scene.io,
      await command.run({
        args: parsed.args,
        options: parsed.options,
        actor: systemActor,
        stdin: scene.io.stdin,
        say: voice(scene.io, parsed).say,
      }),
      parsed.isJson,
    );
  return 0;
}

async function pluginCommands({ desk }: Scene): Promise<readonly CliCommand[]> {
  const { plugins } = await desk();
  return plugins.snapshot.all('cli').map(({ value }) => value);
}

function find<C extends { readonly name: string }>(
  list: readonly C[],
  argv: readonly string[],
): { readonly command: C; readonly words: number } | undefined {
  for (const words of [2, 1]) {
    const command = list.find(({ name }) => name === argv.slice(0, words).join(' '));
    if (command !== undefined) return { command, words: command.name.split(' ').length };
  }
  return undefined;
}

function unknownName(argv: readonly string[]): string {
  return argv
    .slice(0, 2)
    .filter((word) => !word.startsWith('-'))
    .join(' ');
}

function voice(io: Io, { isJson }: Parsed): Pick<Invocation, 'say' | 'progress'> {
  return {
    say: (line) => isJson || io.err(`${line}\n`),
    progress: (line) => isJson || !io.isTerminal || io.err(`\r${line}\u001b[K`),
  };
}

function print(io: Io, value: unknown, isJson: boolean): void {
  if (!isJson) io.out(printed(value));
  else if (value !== undefined) io.out(`${JSON.stringify(value, null, 2)}\n`);
}

function fail(io: Io, { message, value }: Failed, isJson: boolean): number {
  if (value !== undefined) print(io, value, isJson);
  if (message !== '') io.err(`${message}\n`);
  return 1;
}

function processIo(): Io {
  return {
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    stdin: process.stdin,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
  };
}

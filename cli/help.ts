import type { Command, Option } from './command.ts';

/** A plugin's command as the help shows it. */
export interface PluginHelp {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
}

export function generalHelp(commands: readonly Command[], plugins: readonly PluginHelp[]): string {
  const rows = [...commands, ...plugins].map(({ name, summary }) => [name, summary] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    'Usage: helpdesk <command> [options]',
    '',
    ...rows.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Every command takes --help, and --json where it prints data.',
    'Exit codes: 0 done, 1 failed, 2 wrong usage.',
    '',
  ].join('\n');
}

export function commandHelp({ name, summary, args = [], options = {} }: Command): string {
  const rows = [...Object.entries(options), ['json', { help: 'Print JSON.' }] as const, ['help', { help: 'Print this.' }] as const].map(
    ([option, about]) => [flag(option, about), about.help] as const,
  );
  const width = Math.max(...rows.map(([text]) => text.length));
  const required = Object.entries(options).filter(([, { isRequired }]) => isRequired === true);
  const usage = ['helpdesk', name, ...args, ...required.map(([option, about]) => flag(option, about)), '[options]'].join(' ');
  return [`Usage: ${usage}`, '', summary, '', ...rows.map(([text, help]) => `  ${text.padEnd(width)}  ${help}`), ''].join('\n');
}

export function pluginCommandHelp({ name, summary, usage }: PluginHelp): string {
  return [`Usage: helpdesk ${name} ${usage}`, '', summary, ''].join('\n');
}

function flag(name: string, { value }: Option): string {
  return `--${name}${value === undefined ? '' : ` <${value}>`}`;
}

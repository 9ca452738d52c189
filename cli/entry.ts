import { supervise } from './supervising.ts';

const unwatched = ['--no-supervisor', '--help', '-h'];

/**
 * Runs one command line and returns its exit code: 0 done, 1 failed, 2 wrong usage. A desk that is to be watched is
 * started here, before anything else is loaded.
 */
export async function run(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'start' && !argv.some((word) => unwatched.includes(word))) return supervise([...argv, '--no-supervisor']);
  const { main } = await import('./main.ts');
  return main(argv);
}

/**
 * Ends the process as a power cut would when `CRASH_AT` names this place. The fault tests use it to
 * die at every step between two systems; without the variable it does nothing.
 */
export function crashPoint(name: string): void {
  if (process.env['CRASH_AT'] === name) process.kill(process.pid, 'SIGKILL');
}

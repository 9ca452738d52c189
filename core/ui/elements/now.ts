/** Milliseconds since the Unix epoch; does not jump when somebody sets the clock. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

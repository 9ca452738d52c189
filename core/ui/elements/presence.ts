const beat = 15_000;

/** Tells the others every 15 seconds that this ticket is open here, and whether an answer is being written. */
export function installPresence(): void {
  setInterval(tell, beat);
  document.addEventListener('visibilitychange', tell);
  tell();
}

function tell(): void {
  const number = document.getElementById('ticket')?.dataset['number'];
  if (number === undefined || document.visibilityState === 'hidden') return;
  const writing = document.querySelector('.composer[data-open]:focus-within') !== null;
  const body = new URLSearchParams({ doing: writing ? 'replying' : 'viewing' });
  void fetch(`/desk/tickets/${number}/presence`, { method: 'POST', body }).catch(() => undefined);
}

import type { Clock } from './clock.ts';

export interface BreakerPorts {
  readonly clock: Clock;
  /** A plugin's handlers were skipped for the third time within an hour: skipping does not help. */
  readonly onExhausted?: (plugin: string, hook: string) => void;
}

/** The recent faults of one handler. */
export interface Circuit {
  faults: readonly number[];
  /** Skipped until then; 0 while it is closed, so that a healthy handler costs no look at the clock. */
  openUntil: number;
}

const faultsToOpen = 5;
const windowMs = 60_000;
const openMs = 60_000;
const openingsToExhaust = 3;
const exhaustWindowMs = 3_600_000;

/** Skips a handler that keeps failing for a minute, and reports a plugin to which that happens again and again. */
export class CircuitBreaker {
  readonly #ports: BreakerPorts;
  readonly #circuits = new Map<string, Map<string, Circuit>>();
  readonly #openings = new Map<string, readonly number[]>();

  constructor(ports: BreakerPorts) {
    this.#ports = ports;
  }

  /** The circuit of a place in a plugin; the same one for the same words. */
  circuit(plugin: string, place: string): Circuit {
    const ofPlugin = this.#circuits.get(plugin) ?? new Map<string, Circuit>();
    this.#circuits.set(plugin, ofPlugin);
    const circuit = ofPlugin.get(place) ?? { faults: [], openUntil: 0 };
    ofPlugin.set(place, circuit);
    return circuit;
  }

  isOpen(circuit: Circuit): boolean {
    if (circuit.openUntil === 0) return false;
    if (this.#ports.clock.now() < circuit.openUntil) return true;
    circuit.openUntil = 0;
    return false;
  }

  count(plugin: string, hook: string, circuit: Circuit): void {
    const { clock, onExhausted } = this.#ports;
    const now = clock.now();
    circuit.faults = [...circuit.faults.filter((at) => at > now - windowMs), now];
    if (circuit.faults.length < faultsToOpen) return;
    circuit.faults = [];
    circuit.openUntil = now + openMs;
    const openings = [...(this.#openings.get(plugin) ?? []).filter((at) => at > now - exhaustWindowMs), now];
    this.#openings.set(plugin, openings);
    if (openings.length >= openingsToExhaust) onExhausted?.(plugin, hook);
  }

  /** A plugin that is switched on again starts with a clean record. */
  forget(plugin: string): void {
    this.#circuits.delete(plugin);
    this.#openings.delete(plugin);
  }
}

import path from 'node:path';
import { saveMailbox, systemActor, type App, type FloorScenario } from '@helpdesk/core/operator';
import { type Captured, type ObservedStorage, withAnswers } from './capturing.ts';
import { canImport, importRun, introduceSenders, mailsPerRun, mailText } from './mails.ts';
import { pairStatements } from './pairing.ts';
import { customersOfBench, scenariosOf, type Scenario } from './scenarios.ts';

/** A scenario and what the floor does beside it. */
export interface Planned extends Scenario {
  readonly floor: FloorScenario;
}

export interface Plan {
  readonly requests: readonly Planned[];
  /** Absent on a desk that takes no mail. */
  readonly mails: FloorScenario | undefined;
}

// Some work goes to a pool and comes back in any order; a few tries find two runs that went alike.
const tries = 12;

/** Finds out which statements each scenario takes on this desk. */
export async function planBench(app: App, observed: ObservedStorage, folder: string, say: (line: string) => void): Promise<Plan> {
  const requests = await withAnswers(app, async (ask) => {
    const planned: Planned[] = [];
    for (const scenario of await scenariosOf(app)) {
      const floor = await floorOf(scenario, observed, ask);
      if (floor === undefined) say(`${scenario.path} is not answered by this desk and is left out.`);
      else planned.push({ ...scenario, floor });
    }
    return planned;
  });
  return { requests, mails: canImport(app) ? await floorOfMails(app, observed, path.join(folder, 'captured')) : undefined };
}

async function floorOf(
  scenario: Scenario,
  observed: ObservedStorage,
  ask: (scenario: Scenario) => Promise<boolean>,
): Promise<FloorScenario | undefined> {
  // The first answers fill what is kept for a while, such as settings and statuses, and make the customers.
  for (let warm = 0; warm <= (scenario.body === undefined ? 0 : customersOfBench); warm += 1) if (!(await ask(scenario))) return undefined;
  const capture = (): Promise<readonly Captured[]> => observed.capture(async () => void (await ask(scenario)));
  const read = await capture();
  const statements = scenario.body === undefined ? pairStatements(read, read) : await pairOf(capture);
  return statements === undefined ? undefined : { name: scenario.name.replaceAll(' ', '-'), kind: scenario.kind, statements };
}

async function floorOfMails(app: App, observed: ObservedStorage, folder: string): Promise<FloorScenario | undefined> {
  await saveMailbox(app.desk, systemActor, { name: 'Bench', address: 'support@example.com' });
  await introduceSenders(app, folder);
  let run = 0;
  const statements = await pairOf(() => observed.capture(() => importRun(app, folder, (run += 1))));
  const files = Array.from({ length: mailsPerRun }, (_none, n) => mailText(n));
  return statements === undefined ? undefined : { name: 'mails-imported', kind: 'json', statements, files };
}

async function pairOf(capture: () => Promise<readonly Captured[]>) {
  const seen: (readonly Captured[])[] = [];
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const next = await capture();
    for (const earlier of seen) {
      const statements = pairStatements(earlier, next);
      if (statements !== undefined) return statements;
    }
    seen.push(next);
  }
  return undefined;
}

// Runs the mail corpus in the folder named by HELPDESK_CORPUS through the e-mail plugin's own functions.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './projects.js';

const corpus = process.env.HELPDESK_CORPUS;
const runner = path.join(root, 'plugins/email-inbox/dist/test/corpus/main.js');
if (!corpus) {
  process.stdout.write('Set HELPDESK_CORPUS to the folder of the mail corpus to run it.\n');
} else if (!existsSync(runner)) {
  process.stdout.write('The plugin email-inbox is not built, so there is nothing to run the corpus through.\n');
  process.exitCode = 1;
} else {
  const { runCorpus } = await import(pathToFileURL(runner).href);
  const holds = await runCorpus(path.resolve(corpus), (line) => process.stdout.write(`${line}\n`));
  process.exitCode = holds ? 0 : 1;
}

import type { App } from '../app.ts';
import type { FoundPlugin, PluginManifest } from '../kernel/manifest.ts';
import { factsOf, type PluginFacts } from './facts.ts';

/** Whether a manifest says what the plugin really does, so that people can judge it before they install it. */
export async function checkDeclared(app: App, plugin: FoundPlugin): Promise<readonly string[]> {
  const { manifest } = plugin;
  const facts = await factsOf(app, plugin);
  return [...contributed(manifest, facts), ...permissions(plugin, facts), ...privacy(manifest, facts)];
}

function contributed({ contributes = {}, provides }: PluginManifest, facts: PluginFacts): readonly string[] {
  const pages = facts.routes.filter(({ method, path }) => method === 'GET' && path.startsWith('/admin/p/'));
  const compared: [field: string, declared: readonly string[] | undefined, real: readonly string[]][] = [
    ['contributes.hooks.listens', contributes.hooks?.listens, facts.hooks],
    ['contributes.hooks.defines', contributes.hooks?.defines, facts.defines],
    ['contributes.slots', contributes.slots, facts.slots],
    ['contributes.jobs', contributes.jobs?.map(({ name }) => name), facts.jobs],
    ['contributes.cli', contributes.cli, facts.commands],
    ['provides', provides, facts.services],
  ];
  const problems = compared.flatMap(([field, declared = [], real]) => [
    ...real.filter((name) => !declared.includes(name)).map((name) => `helpdesk.${field} lacks ${name}, which is registered.`),
    ...declared.filter((name) => !real.includes(name)).map((name) => `helpdesk.${field} names ${name}, which is not registered.`),
  ]);
  if (pages.length > 0 && (contributes.adminPages ?? []).length === 0)
    problems.push('helpdesk.contributes.adminPages is empty, and there are pages in the administration.');
  return problems;
}

function permissions({ id, manifest }: FoundPlugin, facts: PluginFacts): readonly string[] {
  const names = [id, manifest.db?.slug ?? id];
  const own = manifest.permissions ?? [];
  const isOwn = (key: string): boolean => names.some((name) => key.startsWith(`${name}.`));
  return [
    ...own.filter(({ key }) => !isOwn(key)).map(({ key }) => `helpdesk.permissions: ${key} does not begin with ${names.join('. or ')}.`),
    ...facts.routes
      .flatMap(({ permission }) => permission ?? [])
      .filter((key) => isOwn(key) && !own.some((one) => one.key === key))
      .map((key) => `A route needs ${key}, which helpdesk.permissions does not declare.`),
  ];
}

function privacy(manifest: PluginManifest, { tables, answersPrivacy }: PluginFacts): readonly string[] {
  const stores = tables.length > 0 || (manifest.uses ?? []).some((use) => use === 'files');
  if (manifest.personalData === false && answersPrivacy)
    return ['helpdesk.personalData is false, and the plugin answers privacy requests all the same.'];
  if (!stores || answersPrivacy || manifest.personalData === false) return [];
  return ['The plugin stores data and neither calls ctx.privacy.declare nor says "personalData": false in its manifest.'];
}

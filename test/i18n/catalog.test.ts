import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

type Entry = string | Record<string, string>;

const core = path.resolve(import.meta.dirname, '../../../core');
const catalogs = { en: read('en'), tr: read('tr') };

describe('the catalogs of core', () => {
  it('know the same keys in English and Turkish', () => {
    expect(Object.keys(catalogs.tr)).to.deep.equal(Object.keys(catalogs.en));
  });

  it('use the same parameters in both languages', () => {
    const different = Object.keys(catalogs.en).filter((key) => parameters(catalogs.en[key]) !== parameters(catalogs.tr[key]));

    expect(different).to.deep.equal([]);
  });

  it('hold a text in every entry', () => {
    const empty = Object.values(catalogs).flatMap((catalog) =>
      Object.keys(catalog).filter((key) => forms(catalog[key]).some((form) => form.trim() === '')),
    );

    expect(empty).to.deep.equal([]);
  });

  it('know every key that a template prints', () => {
    const missing = templates().flatMap(({ name, source }) =>
      keysIn(source)
        .filter((key) => !(key in catalogs.en))
        .map((key) => `${name}: ${key}`),
    );

    expect(missing).to.deep.equal([]);
  });
});

describe('the templates of core', () => {
  it('name themselves and their version on the first line', () => {
    const unnamed = templates().filter(({ source }) => !/^\{\{!-- template: [a-z-/]+ version: \d+ --\}\}\n/.test(source));

    expect(unnamed.map(({ name }) => name)).to.deep.equal([]);
  });

  it('use nothing that a strict content policy forbids', () => {
    const forbidden = /\{\{\{|hx-on|js:|<style|\sstyle="|<script(?! type="module" src=)|hx-trigger="[^"]*\[|\son[a-z]+="/;
    // Mails are no pages: they carry their styles along.
    const refused = templates().filter(({ name, source }) => !name.startsWith('mail/') && forbidden.test(source));

    expect(refused.map(({ name }) => name)).to.deep.equal([]);
  });
});

function read(locale: string): Record<string, Entry> {
  const parsed: Record<string, Entry> = JSON.parse(readFileSync(path.join(core, `locales/${locale}.json`), 'utf8'));
  return parsed;
}

function forms(entry: Entry | undefined): string[] {
  return typeof entry === 'string' ? [entry] : Object.values(entry ?? {});
}

// "One ticket" leaves out what "{count} tickets" names, so the forms of an entry are read together.
function parameters(entry: Entry | undefined): string {
  const names = forms(entry).flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name));
  return [...new Set(names)].toSorted((a, b) => a.localeCompare(b)).join(' ');
}

function templates(): { name: string; source: string }[] {
  return readdirSync(core, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.hbs') && !name.startsWith('dist'))
    .map((name) => ({ name, source: readFileSync(path.join(core, name), 'utf8') }));
}

function keysIn(source: string): string[] {
  const printed = [...source.matchAll(/(?:\{\{|\()(?:t|rich|pattern) "([^"]+)"/g)];
  const passed = [...source.matchAll(/(?:label|help|title|text|action|placeholder)="([a-z][\w-]*(?:\.[\w-]+)+)"/g)];
  return [...printed, ...passed].flatMap(([, key]) => key ?? []);
}

import type { Timestamp } from '../kernel/clock.ts';
import type { Reader, Storage, Tx } from '../storage/index.ts';
import type { OptionValues } from './option-values.ts';

const keptVersions = 10;

/** One publication of a theme's options. */
export interface ThemeVersion {
  readonly id: number;
  readonly theme: string;
  readonly values: OptionValues;
  readonly publishedAt: Timestamp;
  readonly publishedBy: number | null;
}

export interface NewVersion {
  readonly theme: string;
  readonly values: OptionValues;
  readonly files: readonly number[];
  readonly userId: number | null;
  readonly now: Timestamp;
}

/** The publications of a theme's options, newest first; the first one is in use. */
export async function themeVersions(reader: Reader, theme: string, limit = keptVersions): Promise<readonly ThemeVersion[]> {
  const rows: VersionRow[] = await reader('theme_versions').where({ theme }).orderBy('id', 'desc').limit(limit);
  return rows.map((row) => ({
    id: row.id,
    theme: row.theme,
    values: JSON.parse(row.options) as OptionValues,
    publishedAt: row.created_at,
    publishedBy: row.created_by,
  }));
}

/** Publishes values, drops the person's draft of them, and keeps the last ten publications. */
export async function insertVersion(tx: Tx, { theme, values, files, userId, now }: NewVersion): Promise<void> {
  await tx('theme_versions').insert({
    theme,
    options: JSON.stringify(values),
    files: JSON.stringify(files),
    created_by: userId,
    created_at: now,
  });
  const kept: number[] = await tx('theme_versions').where({ theme }).orderBy('id', 'desc').limit(keptVersions).pluck('id');
  await tx('theme_versions').where({ theme }).whereNotIn('id', kept).delete();
  if (userId !== null) await deleteDraft(tx, theme, userId);
}

/** What somebody tries out and has not published. */
export async function findDraft(reader: Reader, theme: string, userId: number): Promise<OptionValues | undefined> {
  const row: { options: string } | undefined = await reader('theme_drafts').where({ theme, user_id: userId }).first('options');
  return row === undefined ? undefined : (JSON.parse(row.options) as OptionValues);
}

/** The stored files that the person's drafts name. */
export async function draftFiles(reader: Reader, userId: number): Promise<readonly number[]> {
  const lists: string[] = await reader('theme_drafts').where({ user_id: userId }).pluck('files');
  return lists.flatMap((files) => JSON.parse(files) as readonly number[]);
}

export async function saveDraft(storage: Storage, draft: NewVersion & { readonly userId: number }): Promise<void> {
  const row = { options: JSON.stringify(draft.values), files: JSON.stringify(draft.files), updated_at: draft.now };
  await storage.writeTx((tx) =>
    tx('theme_drafts')
      .insert({ theme: draft.theme, user_id: draft.userId, ...row, created_at: draft.now })
      .onConflict(['theme', 'user_id'])
      .merge(row),
  );
}

export async function deleteDraft(tx: Tx, theme: string, userId: number): Promise<void> {
  await tx('theme_drafts').where({ theme, user_id: userId }).delete();
}

interface VersionRow {
  id: number;
  theme: string;
  options: string;
  created_by: number | null;
  created_at: Timestamp;
}

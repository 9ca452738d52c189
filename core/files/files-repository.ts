import type { Clock } from '../kernel/clock.ts';
import { listOf, rowsOf, type ListQuery, type Reader, type Tx } from '../storage/index.ts';
import type { StoredBlob } from './file-store.ts';

export interface FileRecord {
  readonly id: number;
  readonly sha256: string;
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  readonly createdBy: number | null;
}

export interface NewFile extends StoredBlob {
  readonly name: string;
  readonly contentType: string;
  readonly createdBy?: number | null;
}

export async function insertFile(tx: Tx, clock: Clock, file: NewFile): Promise<FileRecord> {
  const row = {
    sha256: file.sha256,
    name: cleanFileName(file.name),
    content_type: file.contentType.slice(0, 255),
    size: file.size,
    created_by: file.createdBy ?? null,
    created_at: clock.now(),
  };
  const [inserted]: { id: number }[] = await tx('files').insert(row).returning('id');
  return {
    id: inserted?.id ?? 0,
    sha256: row.sha256,
    name: row.name,
    contentType: row.content_type,
    size: row.size,
    createdBy: row.created_by,
  };
}

/** Files as a list for `readLists`. */
export function filesQuery(reader: Reader, ids: readonly number[]): ListQuery<FileRecord> {
  // Without any id the condition would be a constant, for which SQLite plans to walk the table.
  return listOf<FileRecord>(reader('files').whereIn('id', [0, ...ids]), {
    id: 'id',
    sha256: 'sha256',
    name: 'name',
    contentType: 'content_type',
    size: 'size',
    createdBy: 'created_by',
  });
}

export async function findFiles(reader: Reader, ids: readonly number[]): Promise<readonly FileRecord[]> {
  return ids.length === 0 ? [] : rowsOf(filesQuery(reader, ids));
}

/** A name that is safe to show and to save: no path, no control or direction characters, at most 200 characters. */
export function cleanFileName(name: string): string {
  const base = name.replaceAll('\\', '/').split('/').at(-1) ?? '';
  const clean = base
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"<>|*?:]+/gu, '')
    .trim()
    .replace(/^\.+/, '');
  return clean.slice(-200) || 'file';
}

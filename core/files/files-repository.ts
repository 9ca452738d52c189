import type { Clock } from '../kernel/clock.ts';
import type { Reader, Tx } from '../storage/index.ts';
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

export async function findFiles(reader: Reader, ids: readonly number[]): Promise<readonly FileRecord[]> {
  if (ids.length === 0) return [];
  const rows: FileRow[] = await reader('files').whereIn('id', ids);
  return rows.map(fileFromRow);
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

export interface FileRow {
  id: number;
  sha256: string;
  name: string;
  content_type: string;
  size: number;
  created_by: number | null;
}

export function fileFromRow(row: FileRow): FileRecord {
  return { id: row.id, sha256: row.sha256, name: row.name, contentType: row.content_type, size: row.size, createdBy: row.created_by };
}

export { isContentPath } from './content-links.ts';
export { isDangerous } from './dangerous-files.ts';
export { imageTypeOf, isTinyImage } from './image-type.ts';
export { FileStore, type StoredBlob } from './file-store.ts';
export { removeUnused, sweepFiles } from './sweeping.ts';
export { filesQuery, findFiles, insertFile, type FileRecord, type NewFile } from './files-repository.ts';
export { filesFilters } from './files-hooks.ts';

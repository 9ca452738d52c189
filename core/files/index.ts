export { FileStore, type StoredBlob } from './file-store.ts';
export { filesRoutes, seeFile, sendFile } from './files-routes.ts';
export { cleanFileName, fileFromRow, findFiles, insertFile, type FileRecord, type FileRow, type NewFile } from './files-repository.ts';

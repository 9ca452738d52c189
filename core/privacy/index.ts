export { erasePerson } from './erasing.ts';
export { exportPerson, type ExportedFile } from './exporting.ts';
export { privacyActions } from './privacy-hooks.ts';

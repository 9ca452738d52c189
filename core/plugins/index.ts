export { exportPluginData, type ExportedTable } from './exporting-data.ts';
export { grantDefaults } from './granting.ts';
export { installInDesk, requireChangeable } from './installing.ts';
export { requirePlugin, sizeOfTables, tablesOfPlugin } from './looking-up.ts';
export { pluginsActions } from './plugins-hooks.ts';
export { deletePluginData, uninstallFromDesk } from './removing.ts';

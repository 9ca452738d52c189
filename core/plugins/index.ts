export { exportPluginData, type ExportedTable } from './exporting-data.ts';
export { grantDefaults } from './granting.ts';
export { installInDesk, requireChangeable } from './installing.ts';
export { sizeOfTables, tablesOfPlugin } from './looking-up.ts';
export { textOfPlugin, titleOfPermission, titleOfPlugin } from './naming.ts';
export { pluginsActions } from './plugins-hooks.ts';
export { simulateInstall, type Simulation } from './simulating.ts';
export { deletePluginData, uninstallFromDesk } from './removing.ts';

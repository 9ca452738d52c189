import { defineConfig } from '@helpdesk/core/app';

export default defineConfig({});

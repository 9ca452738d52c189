export { createDatabase, testDatabase, type DatabaseHandle, type TestDatabase } from './database.ts';
export { createTestDesk, type TestDesk, type TestDeskOptions } from './test-desk.ts';
export { startDeskProcess, type DeskProcess } from './desk-process.ts';
export { freePort } from './postgres.ts';
export { TestClock } from './test-clock.ts';
export { startSmtpSink, type SinkMail, type SmtpSink } from './smtp-sink.ts';

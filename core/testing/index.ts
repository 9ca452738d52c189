export { createDatabase, testDatabase, type DatabaseHandle, type TestDatabase } from './database.ts';
export { createTestDesk, type DeskPerson, type TestDesk, type TestDeskOptions } from './test-desk.ts';
export { freePort } from './postgres.ts';
export { TestClock } from './test-clock.ts';
export { startSmtpSink, type SinkMail, type SmtpSink } from './smtp-sink.ts';
export { hasDovecot, startDovecot, type Dovecot } from './dovecot.ts';
export { startDeskProcess, type DeskProcess, type DeskProcessOptions } from './desk-process.ts';
export { conformance } from './conformance.ts';
export { receiverProblems } from './receiver-contract.ts';

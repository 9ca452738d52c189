export { composeNotice, noticeOf, systemMails, type ComposedNotice, type Notice } from './system-mail.ts';
export { printNotice, type PrintingDeps } from './printing.ts';
export {
  findMailbox,
  isSameAccount,
  listMailboxes,
  removeMailbox,
  saveMailbox,
  senderOf,
  smtpSecret,
  type MailboxInput,
} from './mailboxes.ts';
export { mailPlaceholders, mailValues } from './mail-values.ts';
export { mailActions, mailDecisions, mailFilters } from './mail-hooks.ts';
export { Mail, type AutomaticMail, type Delivery } from './outbox.ts';
export { hasFlooded, isFlooding, sweepLoopGuard, type Budget } from './loop-guard.ts';
export {
  addressReports,
  addressStates,
  reportDelivery,
  statesOfReports,
  type AddressState,
  type DeliveryNews,
  type ReportedMail,
  type ReportedRecipient,
} from './reporting.ts';
export type { RecipientState } from './recipients-repository.ts';
export { loopGuardHits7Days, sendingHealth, type SendingHealth } from './sending-health.ts';
export type { MailParser } from './mail-parser.ts';
export { keepCopy, type SentFolder } from './sent-copy.ts';
export { deliveriesOf } from './outbox-repository.ts';
export { sendOutboxEntry } from './sending.ts';
export { mailIdHash, namedIdHashes, replyHeaders, replySubject } from './composing.ts';
export { parseServerUrl, type MailServer } from './server-url.ts';
export {
  findMailAccount,
  forgetAccount,
  providerIds,
  redirectUri,
  signInPages,
  startSignIn,
  type MailAccount,
  type ProviderId,
  type SignInPage,
} from './oauth/index.ts';
export { testTransport } from './transports.ts';
export type { Credentials } from './smtp-connection.ts';
export type { Address, Encryption, IncomingMail, Mailbox, OutboxEntry, OutboxState, OutgoingMail, Transport } from './types.ts';

export { accessToken, findMailAccount, forgetAccount, type MailAccount } from './accounts.ts';
export { findProvider, providerIds, type ProviderId } from './providers.ts';
export { finishSignIn, redirectUri, startSignIn } from './signing-in.ts';

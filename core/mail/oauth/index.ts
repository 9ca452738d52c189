export { accessToken, findMailAccount, forgetAccount, storeTokens, type MailAccount } from './accounts.ts';
export { findProvider, providerIds, type ProviderId } from './providers.ts';
export { finishSignIn, redirectUri, startSignIn } from './signing-in.ts';
export { SignedOut } from './token-endpoint.ts';

export { accessToken, findMailAccount, forgetAccount, type MailAccount } from './accounts.ts';
export { providerIds, type ProviderId } from './providers.ts';
export { finishSignIn, redirectUri, signInPages, startSignIn, type SignInPage } from './signing-in.ts';

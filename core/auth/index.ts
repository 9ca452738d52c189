export { actorOfToken, createApiToken, knownScopes, listApiTokens, revokeApiToken, type ApiToken } from './api-tokens.ts';
export { authActions, authDecisions } from './auth-hooks.ts';
export { completeSetup, invite, isLinkAlive, issueSetupToken, requestMagicLink, requestPasswordReset, resetPassword, setPasswordHash, useMagicLink } from './links.ts';
export { checkPassword, hashPassword, minPasswordLength } from './passwords.ts';
export { actorOf, endSessions, listSessions, openSession, resumeSession, type Session } from './sessions.ts';
export { signIn } from './signing-in.ts';
export { Throttle } from './throttle.ts';

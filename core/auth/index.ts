export { actorOfToken, createApiToken, listApiTokens, revokeApiToken, scopeName, scopeOptions, type ApiToken } from './api-tokens.ts';
export { authActions, authDecisions } from './auth-hooks.ts';
export { requireConfirmed } from './confirming.ts';
export { invite, issueSetupToken, setPasswordHash, useMagicLink } from './links.ts';
export { checkPassword, hashPassword } from './passwords.ts';
export { actorOf, endSessions, listSessions, openSession, resumeSession, type Session } from './sessions.ts';
export { Throttle } from './throttle.ts';

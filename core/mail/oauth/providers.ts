import type { Desk } from '../../desk.ts';

export type ProviderId = 'google' | 'microsoft' | 'other';
export const providerIds: readonly ProviderId[] = ['google', 'microsoft', 'other'];

/** Where a provider signs people in and gives out tokens, and the servers the tokens are for. */
export interface Provider {
  readonly id: ProviderId;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly scopes: readonly string[];
  /** More to ask for; Google gives a refresh token only then. */
  readonly extra: Readonly<Record<string, string>>;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** What it is reached by, where that is known. */
  readonly smtp: ProviderServer | undefined;
  readonly imap: ProviderServer | undefined;
}

export interface ProviderServer {
  readonly host: string;
  readonly port: number;
  readonly encryption: 'tls' | 'starttls';
}

/** A provider as the settings of the site complete it; undefined while its client id is missing. */
export async function findProvider(desk: Desk, id: ProviderId): Promise<Provider | undefined> {
  const settings = await desk.settings.get('mail-sign-in');
  const text = (name: string): string => String(settings[name] ?? '').trim();
  const clientId = text(`${id}ClientId`);
  if (clientId === '') return undefined;
  const clientSecret = await desk.settings.secret('mail-sign-in', `${id}ClientSecret`);
  const common = { id, clientId, clientSecret };
  if (id === 'google')
    return {
      ...common,
      authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
      tokenUrl: 'https://oauth2.googleapis.com/token',
      scopes: ['https://mail.google.com/'],
      extra: { access_type: 'offline', prompt: 'consent' },
      smtp: { host: 'smtp.gmail.com', port: 465, encryption: 'tls' },
      imap: { host: 'imap.gmail.com', port: 993, encryption: 'tls' },
    };
  if (id === 'microsoft') {
    const tenant = encodeURIComponent(text('microsoftTenant') || 'common');
    const base = `https://login.microsoftonline.com/${tenant}/oauth2/v2.0`;
    return {
      ...common,
      authorizeUrl: `${base}/authorize`,
      tokenUrl: `${base}/token`,
      scopes: ['https://outlook.office.com/IMAP.AccessAsUser.All', 'https://outlook.office.com/SMTP.Send', 'offline_access'],
      extra: {},
      smtp: { host: 'smtp.office365.com', port: 587, encryption: 'starttls' },
      imap: { host: 'outlook.office365.com', port: 993, encryption: 'tls' },
    };
  }
  const [authorizeUrl, tokenUrl] = [text('otherAuthorizeUrl'), text('otherTokenUrl')];
  if (!URL.canParse(authorizeUrl) || !URL.canParse(tokenUrl)) return undefined;
  const scopes = text('otherScopes').split(/\s+/).filter(Boolean);
  return { ...common, authorizeUrl, tokenUrl, scopes, extra: {}, smtp: undefined, imap: undefined };
}

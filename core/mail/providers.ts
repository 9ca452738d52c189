/** What is known of large providers by the name of their server. */
export interface KnownProvider {
  readonly id: 'google' | 'microsoft';
  /** They put what is sent through them into the folder of sent mail themselves. */
  readonly keepsSentCopy: boolean;
  /** How many mails a minute they take from one mailbox, where they say so. */
  readonly perMinute: number | undefined;
}

const providers: readonly (KnownProvider & { readonly hosts: RegExp })[] = [
  { id: 'google', keepsSentCopy: true, perMinute: undefined, hosts: /(?:^|\.)(?:gmail|googlemail|google)\.com$/i },
  { id: 'microsoft', keepsSentCopy: true, perMinute: 30, hosts: /(?:^|\.)(?:office365|outlook|hotmail)\.com$/i },
];

/** The provider behind a host, or undefined when it is none of those. */
export function providerOf(host: string | undefined): KnownProvider | undefined {
  return host === undefined ? undefined : providers.find(({ hosts }) => hosts.test(host));
}

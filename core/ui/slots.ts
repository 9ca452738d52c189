declare module '../kernel/hook-map.ts' {
  interface Slots {
    /** Below the sign-in form: other ways to sign in. */
    'auth.sign-in': object;
    /** In the head of each portal page. */
    'portal.head': object;
    /** In the foot of each portal page. */
    'portal.footer': object;
    /** Below the search field of the portal's home. */
    'portal.home.search': object;
    /** What the portal's home offers to read. */
    'portal.home.topics': object;
    /** Below the subject of a new ticket: what might answer it at once. */
    'portal.new.suggestions': object;
    /** Fields of plugins in the form for a new ticket. */
    'portal.new.fields': object;
    /** Above the messages of a ticket in the portal. */
    'portal.ticket.top': { readonly ticketId: number };
    /** Below the messages of a ticket in the portal. */
    'portal.ticket.bottom': { readonly ticketId: number };
    /** Parts of the customer's account page. */
    'portal.account': { readonly userId: number };
    /** In the head of each desk page. */
    'desk.head': object;
    /** Above each desk page. */
    'desk.notices': object;
    /** Below the views beside the list. */
    'desk.views': object;
    /** Results of plugins on the search page. */
    'search.results': { readonly query: string };
    /** Above each admin page. */
    'admin.notices': object;
    /** The part of a mailbox form that a receiving plugin adds; without a mailbox the form makes a new one. */
    'mailbox.settings': { readonly mailboxId: number | null };
    /** Below the list of mailboxes. */
    'admin.mailboxes': object;
    /** Cards on the admin's first page. */
    'admin.overview': object;
    /** Beside the composer's buttons. */
    'composer.tools': { readonly ticketId: number };
    /** Cards on a customer's page. */
    'customer.page': { readonly userId: number };
    /** Fields on the agent's profile. */
    'profile.form': { readonly userId: number };
    /** Parts of the profile's security page. */
    'profile.security': { readonly userId: number };
    /** Entries of a ticket's menu. */
    'ticket.actions': { readonly ticketId: number };
    /** In the bar above a ticket. */
    'ticket.header': { readonly ticketId: number };
    /** Fields for a ticket that an agent opens. */
    'ticket.new': object;
    /** Below a ticket's properties. */
    'ticket.properties': { readonly ticketId: number };
    /** Cards on the admin's health page. */
    'admin.health': object;
  }
}

export {};

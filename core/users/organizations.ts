import { Conflict, Forbidden, Invalid, NotFound } from '../kernel/errors.ts';
import { fold } from '../i18n/index.ts';
import type { Desk } from '../desk.ts';
import { isUniqueViolation } from '../storage/index.ts';
import { isAllowed, type Actor } from './actor.ts';
import { cleanName } from './creating.ts';
import type { Organization } from './types.ts';
import { findOrganization } from './users-repository.ts';

export interface OrganizationInput {
  readonly name: string;
  /** Mail domains whose senders belong to it, such as `example.com`. */
  readonly domains?: readonly string[] | undefined;
  readonly notes?: string | null | undefined;
  readonly version?: number | undefined;
}

const domainShape = /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/**
 * Creates an organization, or changes the one with `id`.
 *
 * @throws Conflict `organizations.domain-taken` when another organization has one of the domains.
 */
export async function saveOrganization(desk: Desk, actor: Actor, input: OrganizationInput, id?: number): Promise<Organization> {
  if (!isAllowed(actor, 'customers.edit')) throw new Forbidden('auth.forbidden', { permission: 'customers.edit' });
  const name = cleanName(input.name);
  if (name === '') throw new Invalid('organizations.name-missing', { fields: ['name'] });
  const domains = (input.domains ?? []).map((domain) => domain.trim().toLowerCase().replace(/^@/, '')).filter((domain) => domain !== '');
  const wrong = domains.find((domain) => !domainShape.test(domain));
  if (wrong !== undefined) throw new Invalid('organizations.domain-invalid', { domain: wrong, fields: ['domains'] });
  try {
    return await desk.storage.writeTx(async (tx) => {
      const now = desk.clock.now();
      const row = { name, folded: fold(name), notes: input.notes ?? null, updated_at: now };
      let organizationId = id;
      if (organizationId === undefined) {
        const [inserted]: { id: number }[] = await tx('organizations')
          .insert({ ...row, created_at: now })
          .returning('id');
        organizationId = inserted?.id ?? 0;
      } else {
        const updating = tx('organizations').where({ id: organizationId });
        if (input.version !== undefined) void updating.where({ version: input.version });
        if ((await updating.update({ ...row, version: tx.raw('version + 1') })) !== 1) throw new Conflict('organizations.stale', { id });
      }
      const saved = organizationId;
      await tx('organization_domains').where({ organization_id: saved }).delete();
      if (domains.length > 0) await tx('organization_domains').insert(domains.map((domain) => ({ domain, organization_id: saved })));
      await desk.events.record(tx, 'organization.saved', { actor, payload: { organizationId: saved } });
      const organization = await findOrganization(tx, saved);
      if (organization === undefined) throw new NotFound('organizations.not-found', { id });
      return organization;
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new Conflict('organizations.domain-taken', { domains }, { cause: error });
    throw error;
  }
}

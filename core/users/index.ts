export { isAgent, isAllowed, systemActor, userIdOf, type Actor, type PluginActor, type UserActor } from './actor.ts';
export { cleanName, createUser, findOrCreateCustomer, type NewUser } from './creating.ts';
export { editUser, type UserChanges } from './editing.ts';
export { emailKey, isEmailAddress } from './email-address.ts';
export { saveOrganization, type OrganizationInput } from './organizations.ts';
export { corePermissions, saveRole, type RoleInput } from './roles.ts';
export type { NotificationPreference, Organization, Preferences, Role, User, UserEmail } from './types.ts';
export { usersActions } from './users-hooks.ts';
export {
  activeAgents,
  countAdministrators,
  emailsOf,
  findOrganization,
  findOrganizations,
  findRole,
  findUser,
  findUserByEmail,
  findUsers,
  listAgents,
  listOrganizations,
  listRoles,
  listUsers,
  passwordHashOf,
  userFromRow,
  usersQuery,
  type UserRow,
} from './users-repository.ts';

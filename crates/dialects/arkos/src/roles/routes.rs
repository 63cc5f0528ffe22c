//! The routes of the three collections, alike in form, and of what can be permitted.

use super::auth_actions;
use super::auth_permissions::{self as permissions, PermissionBody, PermissionChangeBody};
use super::auth_roles::{self as roles, RoleBody, RoleChangeBody};
use super::listing::Listed;
use super::user_roles::{self as assignments, UserRoleBody, UserRoleChangeBody};
use super::wire::{AuthAction, AuthPermission, AuthRole, Data, UserRole};
use vestibule_web::{Endpoint, Route, signed_in};

pub(crate) fn routes() -> Vec<Route> {
    let actions = Route::get(
        "/api/auth-actions",
        Endpoint::ListActions,
        signed_in(auth_actions::list),
    )
    .summary("What can be permitted, as far as it is known")
    .gives::<Listed<AuthAction>>(200, "Pairs of resource and action")
    .refuses(&[403]);
    let collections = [role_routes(), permission_routes(), assignment_routes()];
    collections.into_iter().flatten().chain([actions]).collect()
}

/// What every list takes.
fn listed(route: Route) -> Route {
    route
        .query("page", "From 1")
        .query("limit", "Rows on a page, 30 unless it is said")
        .query("sort", "Fields to sort by, such as `-createdAt,name`")
        .query("search", "A text to search for")
        .describe("Any other parameter is a field and the value that it must have.")
        .refuses(&[400, 403])
}

fn role_routes() -> Vec<Route> {
    let (all, one) = ("/api/auth-roles", "/api/auth-roles/{id}");
    vec![
        listed(Route::get(all, Endpoint::ListRoles, signed_in(roles::list)))
            .summary("List roles")
            .gives::<Listed<AuthRole>>(200, "A page of roles"),
        Route::post(all, Endpoint::CreateRole, signed_in(roles::create))
            .summary("Create a role")
            .takes::<RoleBody>()
            .gives::<Data<AuthRole>>(201, "Created")
            .refuses(&[403, 409]),
        Route::get(one, Endpoint::ReadRole, signed_in(roles::read))
            .summary("Read a role")
            .gives::<Data<AuthRole>>(200, "The role")
            .refuses(&[403, 404]),
        Route::patch(one, Endpoint::UpdateRole, signed_in(roles::update))
            .summary("Rename a role")
            .takes::<RoleChangeBody>()
            .gives::<Data<AuthRole>>(200, "The role as it is now")
            .refuses(&[403, 404, 409]),
        Route::put(one, Endpoint::UpdateRole, signed_in(roles::update))
            .summary("Rename a role")
            .takes::<RoleChangeBody>()
            .gives::<Data<AuthRole>>(200, "The role as it is now")
            .refuses(&[403, 404, 409]),
        Route::delete(one, Endpoint::DeleteRole, signed_in(roles::delete))
            .summary("Delete a role")
            .gives_nothing(204, "Deleted")
            .refuses(&[403, 404, 409]),
    ]
}

fn permission_routes() -> Vec<Route> {
    let (all, one) = ("/api/auth-permissions", "/api/auth-permissions/{id}");
    vec![
        listed(Route::get(
            all,
            Endpoint::ListPermissions,
            signed_in(permissions::list),
        ))
        .summary("List what roles permit")
        .gives::<Listed<AuthPermission>>(200, "A page of permissions"),
        Route::post(all, Endpoint::CreatePermission, signed_in(permissions::create))
            .summary("Let a role do something")
            .takes::<PermissionBody>()
            .gives::<Data<AuthPermission>>(201, "Created")
            .refuses(&[403, 404, 409]),
        Route::get(one, Endpoint::ReadPermission, signed_in(permissions::read))
            .summary("Read a permission")
            .gives::<Data<AuthPermission>>(200, "The permission")
            .refuses(&[403, 404]),
        Route::patch(one, Endpoint::UpdatePermission, signed_in(permissions::update))
            .summary("Change a permission")
            .takes::<PermissionChangeBody>()
            .gives::<Data<AuthPermission>>(200, "The permission as it is now")
            .refuses(&[403, 404, 409]),
        Route::put(one, Endpoint::UpdatePermission, signed_in(permissions::update))
            .summary("Change a permission")
            .takes::<PermissionChangeBody>()
            .gives::<Data<AuthPermission>>(200, "The permission as it is now")
            .refuses(&[403, 404, 409]),
        Route::delete(one, Endpoint::DeletePermission, signed_in(permissions::delete))
            .summary("Take a permission from its role")
            .gives_nothing(204, "Deleted")
            .refuses(&[403, 404]),
    ]
}

fn assignment_routes() -> Vec<Route> {
    let (all, one) = ("/api/user-roles", "/api/user-roles/{id}");
    vec![
        listed(Route::get(
            all,
            Endpoint::ListAssignments,
            signed_in(assignments::list),
        ))
        .summary("List who has which role")
        .gives::<Listed<UserRole>>(200, "A page of assignments"),
        Route::post(all, Endpoint::CreateAssignment, signed_in(assignments::create))
            .summary("Give a user a role")
            .takes::<UserRoleBody>()
            .gives::<Data<UserRole>>(201, "Created")
            .refuses(&[403, 404, 409]),
        Route::get(one, Endpoint::ReadAssignment, signed_in(assignments::read))
            .summary("Read who has which role")
            .gives::<Data<UserRole>>(200, "The assignment")
            .refuses(&[403, 404]),
        Route::patch(one, Endpoint::UpdateAssignment, signed_in(assignments::update))
            .summary("Change who has which role")
            .takes::<UserRoleChangeBody>()
            .gives::<Data<UserRole>>(200, "The assignment as it is now")
            .refuses(&[403, 404, 409]),
        Route::put(one, Endpoint::UpdateAssignment, signed_in(assignments::update))
            .summary("Change who has which role")
            .takes::<UserRoleChangeBody>()
            .gives::<Data<UserRole>>(200, "The assignment as it is now")
            .refuses(&[403, 404, 409]),
        Route::delete(one, Endpoint::DeleteAssignment, signed_in(assignments::delete))
            .summary("Take a role from a user")
            .gives_nothing(204, "Deleted")
            .refuses(&[403, 404, 409]),
    ]
}

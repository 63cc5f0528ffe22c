//! `vestibule role`

use super::arguments::RealmArguments;
use super::desk::Desk;
use super::role_shown::{COLUMNS, Holder, Holders, describe, shown};
use super::user::{self, UserArguments};
use super::{Failure, Outcome};
use clap::{Args, Subcommand};
use std::sync::Arc;
use vestibule_model::role::{Role, spell};
use vestibule_model::{Environment, Project};
use vestibule_ops::admin::{roles, users};
use vestibule_ops::roles::NewRole;

/// Holders that `role show` tells by name.
const HOLDERS: u32 = 20;

/// Roles, what they permit, and who has them
#[derive(Subcommand)]
pub enum RoleCommand {
    /// Make a role; it permits nothing yet, or with --superuser everything
    #[command(
        after_help = "Example: the first administrator\n  vestibule role create --superuser admin\n  vestibule role assign admin ada@example.org"
    )]
    Create {
        /// Its name
        name: String,
        /// Let it permit everything
        #[arg(long)]
        superuser: bool,
        #[command(flatten)]
        realm: RealmArguments,
    },
    /// List the roles
    #[command(after_help = "Example:\n  vestibule role list --environment live")]
    List {
        #[command(flatten)]
        realm: RealmArguments,
    },
    /// Show what a role permits and who has it
    #[command(after_help = "Example:\n  vestibule role show editor")]
    Show(RoleArguments),
    /// Delete a role; whoever has it loses it
    #[command(after_help = "Example:\n  vestibule role delete editor --yes")]
    Delete(RoleArguments),
    /// Let a role permit an action on a resource
    #[command(after_help = "Example:\n  vestibule role grant editor blog-post:Create")]
    Grant {
        #[command(flatten)]
        role: RoleArguments,
        /// What is permitted, as RESOURCE:ACTION
        permission: String,
    },
    /// Take a permission from a role
    #[command(after_help = "Example:\n  vestibule role revoke editor blog-post:Create")]
    Revoke {
        #[command(flatten)]
        role: RoleArguments,
        /// What is permitted no longer, as RESOURCE:ACTION
        permission: String,
    },
    /// Give a user a role
    #[command(after_help = "Example:\n  vestibule role assign editor ada@example.org")]
    Assign(HolderArguments),
    /// Take a role from a user
    #[command(after_help = "Example:\n  vestibule role unassign editor ada@example.org")]
    Unassign(HolderArguments),
}

/// Which role.
#[derive(Args, Clone, Debug)]
pub struct RoleArguments {
    /// The role's name
    role: String,
    #[command(flatten)]
    realm: RealmArguments,
}

/// Which role, and who has it.
#[derive(Args, Clone, Debug)]
pub struct HolderArguments {
    /// The role's name
    role: String,
    #[command(flatten)]
    user: UserArguments,
}

impl RoleCommand {
    pub async fn run(self, desk: &Desk) -> Outcome {
        match self {
            Self::Create {
                name,
                superuser,
                realm,
            } => create(desk, &realm, name, superuser).await,
            Self::List { realm } => list(desk, &realm).await,
            Self::Show(role) => show(desk, &role).await,
            Self::Delete(role) => delete(desk, &role).await,
            Self::Grant { role, permission } => grant(desk, &role, &permission).await,
            Self::Revoke { role, permission } => revoke(desk, &role, &permission).await,
            Self::Assign(holder) => assign(desk, &holder).await,
            Self::Unassign(holder) => unassign(desk, &holder).await,
        }
    }
}

/// The half of a project that a command line names.
struct Half {
    project: Arc<Project>,
    environment: Environment,
}

impl Half {
    async fn of(desk: &Desk, realm: &RealmArguments) -> Result<Self, Failure> {
        Ok(Self {
            project: user::project(desk, realm).await?,
            environment: desk.realm(realm).await?.environment,
        })
    }

    fn borrowed(&self) -> roles::Half<'_> {
        (&self.project, self.environment)
    }

    async fn role(&self, desk: &Desk, name: &str) -> Result<Role, Failure> {
        let found = roles::find(&desk.core, self.borrowed(), name).await?;
        found.ok_or_else(|| {
            Failure::not_found(format!(
                "there is no role `{name}` in the {} environment of this project: `vestibule role list` shows all",
                self.environment
            ))
        })
    }
}

async fn create(desk: &Desk, realm: &RealmArguments, name: String, superuser: bool) -> Outcome {
    let half = Half::of(desk, realm).await?;
    let new = NewRole { name, superuser };
    let role = roles::create(&desk.core, &desk.operator, half.borrowed(), new).await?;
    desk.output.result(&shown(&role), || {
        let next = if superuser {
            format!("vestibule role assign {} USER", role.name)
        } else {
            format!("vestibule role grant {} RESOURCE:ACTION", role.name)
        };
        format!("created role {} ({})\nnext: {next}", role.name, half.environment)
    })
}

async fn list(desk: &Desk, realm: &RealmArguments) -> Outcome {
    let half = Half::of(desk, realm).await?;
    let rows: Vec<_> = roles::list(&desk.core, half.borrowed())
        .await?
        .iter()
        .map(shown)
        .collect();
    let none = format!("there are no roles here ({} environment)", half.environment);
    desk.output.list(&rows, &COLUMNS, &none)
}

async fn show(desk: &Desk, arguments: &RoleArguments) -> Outcome {
    let half = Half::of(desk, &arguments.realm).await?;
    let role = half.role(desk, &arguments.role).await?;
    tell(desk, &half, &role).await
}

/// Shows a role as it is now.
async fn tell(desk: &Desk, half: &Half, role: &Role) -> Outcome {
    let permissions = roles::permissions(&desk.core, half.borrowed(), role.id).await?;
    let permissions: Vec<_> = permissions
        .iter()
        .map(|it| spell(&it.resource, &it.action))
        .collect();
    let (total, rows) = roles::holders(&desk.core, half.borrowed(), role.id, HOLDERS).await?;
    let mut first = Vec::new();
    for row in rows {
        let user = users::find(&desk.core, role.realm, row.user).await?;
        first.extend(user.map(|user| Holder {
            user_id: user.id.to_string(),
            email: user.email.to_string(),
            assigned_at: row.created_at.to_string(),
        }));
    }
    let told = shown(role).with(permissions, Holders { total, first });
    desk.output.result(&told, || describe(&told, half.environment))
}

async fn delete(desk: &Desk, arguments: &RoleArguments) -> Outcome {
    let half = Half::of(desk, &arguments.realm).await?;
    let role = half.role(desk, &arguments.role).await?;
    let (total, _) = roles::holders(&desk.core, half.borrowed(), role.id, 0).await?;
    desk.output
        .confirm(&format!("Delete role {}, which {}?", role.name, held_by(total)))?;
    roles::delete(&desk.core, &desk.operator, half.borrowed(), &role).await?;
    desk.output
        .result(&shown(&role), || format!("deleted role {}", role.name))
}

async fn grant(desk: &Desk, arguments: &RoleArguments, permission: &str) -> Outcome {
    let half = Half::of(desk, &arguments.realm).await?;
    let role = half.role(desk, &arguments.role).await?;
    roles::grant(&desk.core, &desk.operator, half.borrowed(), &role, permission).await?;
    tell(desk, &half, &role).await
}

async fn revoke(desk: &Desk, arguments: &RoleArguments, permission: &str) -> Outcome {
    let half = Half::of(desk, &arguments.realm).await?;
    let role = half.role(desk, &arguments.role).await?;
    roles::revoke(&desk.core, &desk.operator, half.borrowed(), &role, permission).await?;
    tell(desk, &half, &role).await
}

async fn assign(desk: &Desk, arguments: &HolderArguments) -> Outcome {
    let half = Half::of(desk, &arguments.user.realm).await?;
    let role = half.role(desk, &arguments.role).await?;
    let user = user::find(desk, &arguments.user).await?;
    roles::assign(&desk.core, &desk.operator, half.borrowed(), role.id, user.id).await?;
    let told = serde_json::json!({ "user": user.id.to_string(), "role": role.name, "assigned": true });
    desk.output
        .result(&told, || format!("{} has the role {} now", user.email, role.name))
}

async fn unassign(desk: &Desk, arguments: &HolderArguments) -> Outcome {
    let half = Half::of(desk, &arguments.user.realm).await?;
    let role = half.role(desk, &arguments.role).await?;
    let user = user::find(desk, &arguments.user).await?;
    if !roles::unassign(&desk.core, &desk.operator, half.borrowed(), role.id, user.id).await? {
        return Err(Failure::not_found(format!(
            "{} does not have the role {}",
            user.email, role.name
        )));
    }
    let told = serde_json::json!({ "user": user.id.to_string(), "role": role.name, "assigned": false });
    desk.output.result(&told, || {
        format!("{} does not have the role {} any more", user.email, role.name)
    })
}

fn held_by(total: i64) -> String {
    match total {
        1 => "1 user has".into(),
        total => format!("{total} users have"),
    }
}

//! Roles of the default project, made by an operator.

use crate::{Persona, Server, operator};
use std::time::Duration;
use vestibule_model::Environment;
use vestibule_model::role::Role;
use vestibule_ops::admin::roles;
use vestibule_ops::roles::NewRole;

impl Server {
    /// A role of the live environment, and what it permits, each as `resource:action`.
    pub async fn role(&self, name: &str, permissions: &[&str]) -> Role {
        let role = self.new_role(name, false, Environment::Live).await;
        for permission in permissions {
            self.grant(&role, permission).await;
        }
        role
    }

    /// A role of the live environment that permits everything.
    pub async fn superuser_role(&self, name: &str) -> Role {
        self.new_role(name, true, Environment::Live).await
    }

    /// A role of either environment.
    pub async fn new_role(&self, name: &str, superuser: bool, environment: Environment) -> Role {
        let new = NewRole {
            name: name.to_owned(),
            superuser,
        };
        let made = roles::create(self.core(), &operator(), (&self.project, environment), new).await;
        self.audit_rows().await;
        made.expect("a role")
    }

    /// Lets a role permit one thing more.
    pub async fn grant(&self, role: &Role, permission: &str) {
        let half = (&*self.project, role.realm.environment);
        let granted = roles::grant(self.core(), &operator(), half, role, permission).await;
        granted.expect("a new permission");
        self.audit_rows().await;
    }

    /// Gives somebody a role, a moment after the one before.
    pub async fn assign(&self, role: &Role, persona: &Persona) {
        self.advance(Duration::from_millis(1));
        let half = (&*self.project, role.realm.environment);
        let assigned = roles::assign(self.core(), &operator(), half, role.id, persona.id).await;
        assigned.expect("a role that the persona does not have yet");
        self.audit_rows().await;
    }

    /// Takes a role from somebody.
    pub async fn unassign(&self, role: &Role, persona: &Persona) {
        let half = (&*self.project, role.realm.environment);
        let taken = roles::unassign(self.core(), &operator(), half, role.id, persona.id).await;
        assert!(taken.expect("to take a role"), "the persona has the role");
        self.audit_rows().await;
    }
}

//! What a route is for, whatever path a dialect gives it.

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a route is for. A dialect may answer one refusal differently at each; metrics are counted by it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Endpoint { $($(#[$doc])* $name,)* }

        impl Endpoint {
            /// The name in metrics and, as `operationId`, in `OpenAPI` documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

endpoints! {
    /// Whether the server can work.
    Health = "health",
    /// The public keys.
    Jwks = "jwks",
    /// Sign-up.
    Register = "register",
    /// Sign-in by password.
    Login = "login",
    /// A new pair of tokens for a refresh token.
    Refresh = "refresh",
    /// The OAuth token endpoint (RFC 6749 §3.2).
    Token = "token",
    /// The OAuth revocation endpoint (RFC 7009).
    Revoke = "revoke",
    /// Sign-out.
    Logout = "logout",
    /// The signed-in user.
    Me = "me",
    /// Changes the signed-in user's profile.
    UpdateMe = "update_me",
    /// Deletes the signed-in user's account.
    DeleteMe = "delete_me",
    /// Lists roles.
    ListRoles = "list_roles",
    /// Creates a role.
    CreateRole = "create_role",
    /// Reads a role.
    ReadRole = "read_role",
    /// Changes a role.
    UpdateRole = "update_role",
    /// Deletes a role.
    DeleteRole = "delete_role",
    /// Lists what roles permit.
    ListPermissions = "list_permissions",
    /// Lets a role do something.
    CreatePermission = "create_permission",
    /// Reads what a role permits.
    ReadPermission = "read_permission",
    /// Changes what a role permits.
    UpdatePermission = "update_permission",
    /// Takes a permission from a role.
    DeletePermission = "delete_permission",
    /// Lists who has which role.
    ListAssignments = "list_assignments",
    /// Gives a user a role.
    CreateAssignment = "create_assignment",
    /// Reads who has which role.
    ReadAssignment = "read_assignment",
    /// Changes who has which role.
    UpdateAssignment = "update_assignment",
    /// Takes a role from a user.
    DeleteAssignment = "delete_assignment",
    /// Lists what can be permitted at all.
    ListActions = "list_actions",
    /// The signed-in user's sessions.
    Sessions = "sessions",
    /// Ends one of the signed-in user's sessions.
    RevokeSession = "revoke_session",
    /// Proves control of an e-mail address.
    VerifyEmail = "verify_email",
    /// Mails the proof again.
    ResendVerification = "resend_verification",
    /// Mails a secret that sets a new password.
    ForgotPassword = "forgot_password",
    /// Sets a new password by a mailed secret.
    ResetPassword = "reset_password",
    /// Sets a new password by the current one.
    ChangePassword = "change_password",
    /// The machine-readable description of a dialect.
    Description = "description",
    /// A path of the gateway.
    Gateway = "gateway",
    /// The gateway's check, asked by another proxy.
    ForwardAuth = "forward_auth",
    /// A page for people.
    Page = "page",
    /// No route: an unknown path, a method that the path does not take, or a request that cannot be routed.
    Unrouted = "unrouted",
}
